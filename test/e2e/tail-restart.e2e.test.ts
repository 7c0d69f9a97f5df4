import {afterEach, expect, it} from 'vitest'
import {type NatsServer, startNats} from '../nats-server.ts'
import {linesOf, type Sandbox, sandbox} from '../run-bin.ts'

let server: NatsServer
let box: Sandbox
afterEach(async () => {
  await server.stop()
  box.remove()
})

it.each(['2.9', 'current'] as const)(
  'tail misses and repeats nothing when nats-server %s is killed and restarted, and says so',
  async (binary) => {
    server = await startNats({binary})
    box = sandbox()
    const {url} = server
    expect((await box.run(['stream', 'init', '--store', url])).code).toBe(0)
    const emit = async (n: number) =>
      expect(
        (await box.run(['emit', '--type', 'note.added', '--data', JSON.stringify({n}), '--store', url])).code,
      ).toBe(0)
    const tail = box.start(['tail', '--last', '0', '--ndjson', '--store', url])
    await tail.until('listening')
    await emit(1)
    await tail.until('"n":1')

    await server.kill9()
    const killed = performance.now()
    await tail.until('hearing nothing any more')
    expect(performance.now() - killed).toBeLessThan(5000)

    await server.restart()
    await emit(2)
    await tail.until(/hearing nothing any more[\s\S]*listening/)
    await emit(3)
    await tail.until('"n":3')
    tail.child.kill('SIGINT')
    const {stdout} = await tail.finished
    expect(linesOf(stdout).map((line) => JSON.parse(line).data.n)).toEqual([1, 2, 3])
  },
)
