import {cpSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type NatsServer, startNats} from '../nats-server.ts'
import {linesOf, type Sandbox, sandbox} from '../run-bin.ts'

const examples = path.join(import.meta.dirname, '..', '..', 'examples')
const dialects = path.join(import.meta.dirname, '..', 'fixtures', 'dialects')
const dialectFiles = ['openclaw', 'agent-event', 'event-server-log', 'event-store', 'event-store-simple']

/** What another process records while tail listens. */
const live = Array.from({length: 20}, (_, n) =>
  JSON.stringify({
    type: n % 2 ? 'tool_call' : 'note.added',
    id: `live-${n}`,
    timestamp: 1_795_300_000_000 + n,
    agent: 'a.b *>',
    session: 'live',
    visibility: 'public',
    payload: {n},
  }),
).join('\n')

/** What a user does on the first days, on any store; returns what every command said about the events. */
async function firstDays(box: Sandbox, store: string, other: string): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {}
  const run = async (...args: string[]) => {
    const {code, stdout, stderr} = await box.run([...args, '--store', store])
    expect([code, stderr.includes('Error')], `${args.join(' ')}\n${stderr}`).toEqual([0, false])
    return stdout
  }
  const events = async (...args: string[]) =>
    linesOf(await run('query', '--limit', '0', '--order', 'asc', '--ndjson', ...args)).map(withoutPlace)

  const init = JSON.parse(await run('stream', 'init', '--json'))
  seen.created = [init.created, init.changed, init.unchanged]
  const again = JSON.parse(await run('stream', 'init', '--json'))
  seen.again = [again.created, again.changed, again.unchanged]
  seen.migrate = JSON.parse(await run('migrate', '--json'))
  seen.migrateAgain = JSON.parse(await run('migrate', '--json'))
  for (const file of dialectFiles) seen[file] = JSON.parse(await run('import', `${file}.ndjson`, '--json'))

  // A second process writes while tail listens.
  const tail = box.start(['tail', '--last', '0', '--limit', '20', '--ndjson', '--store', store])
  await tail.until('listening')
  writeFileSync(path.join(box.folder, 'live.ndjson'), live)
  const recorded = JSON.parse(await run('import', 'live.ndjson', '--json'))
  expect(recorded.appended).toBe(20)
  seen.tail = linesOf((await tail.finished).stdout).map(withoutPlace)

  for (const filter of filters) seen[filter.join(' ')] = await events(...filter)
  for (const by of ['type', 'agent', 'session', 'tool', 'hour'])
    seen[by] = JSON.parse(await run('query', '--by', by, '--json'))
  seen.count = JSON.parse(await run('query', '--count', '--type', 'tool.*', '--json'))
  seen.newest = linesOf(await run('query', '--limit', '7', '--ndjson')).map(withoutPlace)
  for (const format of ['openclaw', 'agent-event', 'cloudevents'])
    seen[format] = JSON.parse(await run('query', '--format', format, '--json', '--type', 'tool.*'))

  seen.replay = JSON.parse(await run('replay', '--to', other, '--json'))
  seen.replayAgain = JSON.parse(await run('replay', '--to', other, '--json'))
  const copy = await box.run(['query', '--limit', '0', '--order', 'asc', '--ndjson', '--store', other])
  expect(linesOf(copy.stdout).map(withoutPlace)).toEqual(await events())
  return seen
}

const filters: string[][] = [
  [],
  ['--type', 'tool.*'],
  ['--type', 'memory.daily_note', '--type', '*.error'],
  ['--agent', 'main'],
  ['--session', 'agent:main:main'],
  ['--tool', 'ex*'],
  ['--since', '2026-03-01', '--until', '2026-11-19'],
  ['--text', 'tea'],
  ['--where', "type.startsWith('memory.') && data.path != 'MEMORY.md'"],
  ['--run', '51e6e5f2-871a-4dd2-9031-747f346d9bc3'],
]

function withoutPlace(line: string): unknown {
  const {position: _position, storedAt: _storedAt, ...event} = JSON.parse(line)
  return event
}

describe('the same commands give the same events on every store', () => {
  const boxes: Sandbox[] = []
  const servers: NatsServer[] = []
  let embedded: Record<string, unknown>

  const box = (): Sandbox => {
    const made = sandbox()
    boxes.push(made)
    cpSync(path.join(examples, 'workspace'), path.join(made.folder, 'state', 'workspace'), {
      recursive: true,
      preserveTimestamps: true,
    })
    for (const file of dialectFiles)
      cpSync(path.join(dialects, `${file}.ndjson`), path.join(made.folder, `${file}.ndjson`))
    return made
  }
  const server = async (binary: 'current' | '2.9') => {
    const started = await startNats({binary})
    servers.push(started)
    return started
  }

  beforeAll(async () => {
    const place = box()
    embedded = await firstDays(place, `sqlite:${place.folder}/a.db`, `sqlite:${place.folder}/b.db`)
  }, 120_000)
  afterAll(async () => {
    for (const started of servers) await started.stop()
    for (const made of boxes) made.remove()
  })

  it('does the whole of it on the embedded log', () => {
    expect(embedded.created).toEqual([true, false, false])
    expect(embedded.again).toEqual([false, false, true])
    expect((embedded.migrateAgain as {appended: number}).appended).toBe(0)
    expect((embedded.replayAgain as {appended: number}).appended).toBe(0)
    for (const filter of filters) expect(embedded[filter.join(' ')], filter.join(' ')).not.toEqual([])
  })

  it.each(['2.9', 'current'] as const)(
    'nats-server %s',
    async (binary) => {
      const {url} = await server(binary)
      const place = box()
      const onNats = await firstDays(place, url, `sqlite:${place.folder}/copy.db`)
      for (const [what, said] of Object.entries(embedded)) expect(onNats[what], what).toEqual(said)
    },
    180_000,
  )
})
