import {jetstreamManager} from '@nats-io/jetstream'
import {connect} from '@nats-io/transport-node'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type NatsServer, startNats} from '../nats-server.ts'
import {linesOf, sandbox} from '../run-bin.ts'

const box = sandbox()
let server: NatsServer

async function publish(subject: string, body: string): Promise<void> {
  const connection = await connect({servers: server.url})
  const manager = await jetstreamManager(connection)
  await manager.jetstream().publish(subject, body)
  await connection.close()
}

beforeAll(async () => {
  server = await startNats()
  expect((await box.run(['stream', 'init', '--store', server.url])).code).toBe(0)
  expect((await box.run(['emit', '--type', 'note.added', '--store', server.url])).code).toBe(0)
  await publish('openclaw.events.main.noise', 'not JSON')
  await publish('openclaw.events.main.note.added', '42')
})
afterAll(async () => {
  await server.stop()
  box.remove()
})

describe('messages of a stream that are no events', () => {
  it.each([
    ['query', '--ndjson'],
    ['query', '--order', 'asc', '--ndjson'],
  ])('are counted once, beside the data: %s', async (...args) => {
    const {code, stdout, stderr} = await box.run([...args, '--store', server.url])
    expect([code, linesOf(stdout).length]).toEqual([0, 1])
    expect(stderr).toBe('2 messages of this log are no events and were left out\n')
  })

  it('are said by tail when the first one comes, and counted when it ends', async () => {
    const tail = box.start(['tail', '--last', '0', '--ndjson', '--store', server.url])
    await tail.until('listening')
    await publish('openclaw.events.main.noise', 'still not JSON')
    await tail.until('the message at position 0000000000000004 is no event and is left out')
    await publish('openclaw.events.main.noise', '[]')
    expect((await box.run(['emit', '--type', 'note.added', '--store', server.url])).code).toBe(0)
    await tail.until('note.added')
    tail.child.kill('SIGINT')
    const {code, stdout, stderr} = await tail.finished
    expect([code, linesOf(stdout).length]).toEqual([130, 1])
    expect(stderr).toContain('2 messages of this log are no events and were left out')
    expect(stderr.match(/is no event/g)).toHaveLength(1)
  })
})
