import {once} from 'node:events'
import net, {type AddressInfo} from 'node:net'
import {describe, expect, it} from 'vitest'
import {afterwards, openScene, startScene, until} from './scene.ts'

/** Somebody else's port; closing it frees it. */
async function takePort(): Promise<{port: number; free(): Promise<void>}> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const free = () => new Promise<void>((resolve) => server.close(() => resolve()))
  afterwards(free)
  return {port: (server.address() as AddressInfo).port, free}
}

describe('of its ports the sink', () => {
  it('takes the first that is free, and tells which', async () => {
    const [taken, other, third] = [await takePort(), await takePort(), await takePort()]
    await Promise.all([other.free(), third.free()])
    const scene = await openScene({settings: {ports: [taken.port, other.port, third.port]}})
    expect(scene.url).toBe(`ws://127.0.0.1:${other.port}/`)
    await scene.connect()
    const second = await openScene({settings: {ports: [taken.port, other.port, third.port]}})
    expect(second.port).toBe(third.port)
  })

  it('says once that all are taken, and takes one as soon as it is free', async () => {
    const [one, two] = [await takePort(), await takePort()]
    const scene = await startScene({settings: {ports: [one.port, two.port]}, limits: {portRetryMs: 50}})
    await until(() => scene.sink.status().state === 'failed', 'it has tried')
    const reason = `no port could be opened on 127.0.0.1: ${one.port} (in use), ${two.port} (in use); trying again every 50 ms`
    expect(scene.sink.status()).toMatchObject({reason, details: {url: undefined, clients: 0}})
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(scene.said).toEqual([`error: WebSocket: ${reason}`])
    await two.free()
    await until(() => scene.sink.status().state === 'running', 'it listens')
    expect(scene.port).toBe(two.port)
    expect(scene.sink.status().reason).toBeUndefined()
    await scene.connect()
  })

  it('says what is wrong with an address, and stops at once when it is told to', async () => {
    const settings = {bindAddress: '203.0.113.1', authToken: 'secret', ports: [9011]}
    const scene = await startScene({settings})
    await until(() => scene.sink.status().state === 'failed', 'it has tried')
    expect(scene.sink.status().reason).toMatch(/203\.0\.113\.1: 9011 \(no address of this machine\)/)
    const start = performance.now()
    await scene.stop()
    expect(performance.now() - start).toBeLessThan(500)
    expect(scene.sink.status().state).toBe('stopped')
  })

  it('listens on IPv6 as well', async () => {
    const {url, connect} = await openScene({settings: {bindAddress: '[::1]'}})
    expect(url).toMatch(/^ws:\/\/\[::1\]:\d+\/$/)
    expect((await connect({host: '[::1]'})).messages[0]).toMatchObject({type: 'welcome'})
  })
})
