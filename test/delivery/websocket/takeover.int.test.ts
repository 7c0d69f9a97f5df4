import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import net, {type AddressInfo} from 'node:net'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {describe, expect, it} from 'vitest'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {event, eventsUpTo, ids} from '../../contracts/event-store/events.ts'
import {connect} from './client.ts'
import {afterwards, tempFolder} from './scene.ts'

const child = path.join(import.meta.dirname, 'sinks-child.ts')

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({length: count}, async () => {
      const server = net.createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

interface Process {
  child: ChildProcess
  /** Resolves with the port when it listens. */
  port: Promise<number>
}

function start(folder: string, ports: number[]): Process {
  const started = spawn(process.execPath, [child, folder, ...ports.map(String)], {stdio: ['ignore', 'pipe', 'inherit']})
  afterwards(() => started.kill('SIGKILL'))
  const port = (async () => {
    for await (const line of createInterface({input: started.stdout!})) {
      const found = /listening on ws:.*:(\d+)\//.exec(line)
      if (found) return Number(found[1])
    }
    throw new Error('it ended without listening')
  })()
  port.catch(() => undefined)
  return {child: started, port}
}

describe('when the process that serves is killed', () => {
  it('another one serves within seconds, and a client with a name goes on where it was', async () => {
    const folder = tempFolder()
    const ports = await freePorts(2)
    const store = await openSqliteStore(path.join(folder, 'events.db'))
    afterwards(() => store.close())
    const first = start(folder, ports)
    const client = await connect(await first.port)
    const second = start(folder, ports)
    client.send({type: 'subscribe', client: 'dash', from: 'ack'})
    await client.got('subscribed')
    await store.append(eventsUpTo(10))
    const events = await client.has(10)
    client.send({type: 'ack', position: events[6]!.position})
    await client.got('acked')

    const killed = performance.now()
    first.child.kill('SIGKILL')
    expect((await client.closed).code).toBe(1006)
    await store.append([event('e-10')])
    const port = await second.port
    expect(performance.now() - killed).toBeLessThan(4000)
    expect(port).toBe(ports[0])
    const again = await connect(port)
    again.send({type: 'subscribe', client: 'dash', from: 'ack'})
    await again.has(4)
    expect(again.ids()).toEqual(ids(eventsUpTo(11)).slice(7))
  })
})
