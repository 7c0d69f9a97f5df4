import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {jetstreamManager} from '@nats-io/jetstream'
import {connect} from '@nats-io/transport-node'
import {afterEach, describe, expect, it} from 'vitest'
import {type NatsServer, startNats} from '../nats-server.ts'
import {linesOf, type Sandbox, sandbox} from '../run-bin.ts'

let server: NatsServer | undefined
let box: Sandbox
afterEach(async () => {
  await server?.stop()
  server = undefined
  box.remove()
})

const notes = 150
const sectionsPerNote = 20

function workspace(folder: string): void {
  mkdirSync(path.join(folder, 'memory'), {recursive: true})
  for (let n = 0; n < notes; n++) {
    const day = new Date(Date.UTC(2025, 0, 1 + n)).toISOString().slice(0, 10)
    const sections = Array.from(
      {length: sectionsPerNote},
      (_, s) => `## Topic ${s}\n\nOn day ${n} about ${s}: ${'word '.repeat(30)}\n`,
    )
    writeFileSync(path.join(folder, 'memory', `${day}.md`), `# ${day}\n\n${sections.join('\n')}`)
  }
}

/** A seeded random number generator (mulberry32): the same moments in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

async function idsIn(store: string): Promise<string[]> {
  const {stdout} = await box.run(['query', '--type', 'memory.*', '--limit', '0', '--ndjson', '--store', store])
  return linesOf(stdout).map((line) => JSON.parse(line).eventId)
}

/** Kills migrate with SIGKILL at `kills` random moments of its work, runs it to the end, and compares with one clean run. */
async function killAndCompare(store: string, kills: number, seed: number): Promise<void> {
  const next = random(seed)
  const start = performance.now()
  const clean = `sqlite:${box.folder}/clean.db`
  expect((await box.run(['migrate', '--store', clean])).code).toBe(0)
  const wholeMs = performance.now() - start
  for (let i = 0; i < kills; i++) {
    const run = box.start(['migrate', '--store', store])
    const timer = setTimeout(() => run.child.kill('SIGKILL'), 80 + next() * (wholeMs - 80))
    await run.finished
    clearTimeout(timer)
  }
  const last = await box.run(['migrate', '--store', store])
  expect([last.code, last.stderr]).toEqual([0, ''])
  const ids = await idsIn(store)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual((await idsIn(clean)).toSorted())
}

describe('migrate killed at random moments and run again', () => {
  it('leaves exactly the events of one clean run in the embedded log', async () => {
    box = sandbox()
    workspace(path.join(box.folder, 'state', 'workspace'))
    await killAndCompare(`sqlite:${box.folder}/killed.db`, 20, 1)
    const verified = await box.run(['stream', 'verify', '--store', `sqlite:${box.folder}/killed.db`])
    expect(verified.code).toBe(0)
  }, 120_000)

  it.each(['2.9', 'current'] as const)(
    'leaves exactly the events of one clean run on nats-server %s, beyond its duplicate window, beside foreign events',
    async (binary) => {
      server = await startNats({binary})
      box = sandbox()
      workspace(path.join(box.folder, 'state', 'workspace'))
      const {url} = server
      expect((await box.run(['stream', 'init', '--store', url])).code).toBe(0)
      const connection = await connect({servers: url})
      const manager = await jetstreamManager(connection)
      const {config} = await manager.streams.info('openclaw-events')
      await manager.streams.update('openclaw-events', {...config, duplicate_window: 100_000_000})
      const foreign = JSON.stringify({
        id: 'f1',
        ts: 1_790_000_000_000,
        agent: 'main',
        session: 's',
        type: 'msg.in',
        payload: {text: 'hello'},
      })
      for (let i = 0; i < 50; i++) connection.publish('openclaw.events.main.msg_in', foreign)
      await connection.drain()
      await killAndCompare(url, 20, 2)
    },
    180_000,
  )
})
