import {appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it, vi} from 'vitest'
import {createEventLogSink, type EventLogOptions} from '../../src/lib/delivery/event-log/sink.ts'
import {compileOutgoing} from '../../src/lib/delivery/outgoing.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {type Bench, openBench, openOutgoing} from './fixtures.ts'

type Settings = EventLogOptions['settings']

const usual: Omit<Settings, 'path'> = {
  maxFileSizeMb: 30,
  keepFiles: 5,
  format: 'full-json',
  minLevel: 'debug',
  includeRuntimeLogs: true,
}

function sinkFor({folder}: Bench, settings: Partial<Settings> = {}, options: Partial<EventLogOptions> = {}) {
  return createEventLogSink({
    settings: {...usual, path: path.join(folder, 'log', 'events.ndjson'), ...settings},
    outgoing: openOutgoing,
    finish: (event) => event,
    redactText: (text) => text,
    now: Date.now,
    ...options,
  })
}

function linesOf(file: string) {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
}

function eventsOf(folder: string): string[] {
  const logs = path.join(folder, 'log')
  const age = (name: string) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0)
  const files = readdirSync(logs).sort((a, b) => age(b) - age(a))
  return files
    .flatMap((file) => linesOf(path.join(logs, file)))
    .filter(({kind}) => kind === 'event')
    .map(({event}) => event.data.text)
}

const until = (check: () => void) => vi.waitFor(check, {timeout: 5000, interval: 10})
const numbered = (from: number, to: number) => Array.from({length: to - from}, (_, index) => `e${from + index}`)

describe('event log', () => {
  it('writes each event as a line, in a file that only its owner can read', async () => {
    const bench = await openBench()
    const {stop} = bench.start(sinkFor(bench))
    await bench.append('a', 'b')
    await until(() => expect(eventsOf(bench.folder)).toEqual(['a', 'b']))
    await stop()
    const file = path.join(bench.folder, 'log', 'events.ndjson')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
    expect(linesOf(file)[0]).toMatchObject({kind: 'event', event: {type: 'note.added', position: expect.any(String)}})
  })

  it('has the fields of the summary form, and the id', async () => {
    const bench = await openBench()
    const {stop} = bench.start(sinkFor(bench, {format: 'summary'}))
    await bench.append('a')
    const file = path.join(bench.folder, 'log', 'events.ndjson')
    await until(() => expect(linesOf(file)).toHaveLength(1))
    await stop()
    const [line] = linesOf(file)
    expect(line).toMatchObject({kind: 'event', type: 'note.added', eventCategory: 'note', agentId: 'main'})
    expect(line.eventId).toEqual(expect.any(String))
    expect(line.data).toBeUndefined()
  })

  it('goes on after a stop where it was, each event once', async () => {
    const bench = await openBench()
    await bench.append('a', 'b')
    const one = bench.start(sinkFor(bench))
    await until(() => expect(eventsOf(bench.folder)).toHaveLength(2))
    await one.stop()
    await bench.append('c')
    const two = bench.start(sinkFor(bench))
    await until(() => expect(eventsOf(bench.folder)).toEqual(['a', 'b', 'c']))
    await two.stop()
  })

  it('takes off a line that a crash cut short and writes that event again', async () => {
    const bench = await openBench()
    await bench.append('a', 'b')
    const one = bench.start(sinkFor(bench))
    await until(() => expect(eventsOf(bench.folder)).toHaveLength(2))
    await one.stop()
    const [first] = linesOf(path.join(bench.folder, 'log', 'events.ndjson'))
    // As killed before the second line was whole, with the cursor not yet past it.
    const file = path.join(bench.folder, 'log', 'events.ndjson')
    rmSync(file)
    appendFileSync(file, `${JSON.stringify(first)}\n{"timestamp":"2026-`)
    await bench.state.commit({reader: 'event-log', cursor: {log: 'test', position: first.event.position}})
    const two = bench.start(sinkFor(bench))
    await until(() => expect(eventsOf(bench.folder)).toEqual(['a', 'b']))
    await two.stop()
  })

  it('does not write again what stands in the file, when only the cursor was lost', async () => {
    const bench = await openBench()
    await bench.append('a', 'b')
    const one = bench.start(sinkFor(bench))
    await until(() => expect(eventsOf(bench.folder)).toHaveLength(2))
    await one.stop()
    await bench.state.commit({reader: 'event-log', cursor: {log: 'test', position: ''}})
    const two = bench.start(sinkFor(bench))
    await bench.append('c')
    await until(() => expect(eventsOf(bench.folder)).toEqual(['a', 'b', 'c']))
    await two.stop()
  })

  it('rotates at its size, keeps as many old files as asked, and loses nothing at the seam', async () => {
    const bench = await openBench()
    const texts = numbered(0, 30).map((text) => `${text} ${'x'.repeat(100_000)}`)
    const {stop} = bench.start(sinkFor(bench, {maxFileSizeMb: 1, keepFiles: 2}))
    await bench.append(...texts)
    await until(() => expect(eventsOf(bench.folder).at(-1)).toBe(texts.at(-1)))
    await stop()
    const kept = eventsOf(bench.folder)
    expect(readdirSync(path.join(bench.folder, 'log')).sort()).toEqual([
      'events.ndjson',
      'events.ndjson.1',
      'events.ndjson.2',
    ])
    expect(kept).toEqual(texts.slice(-kept.length))
    expect(kept.length).toBeGreaterThanOrEqual(20)
  })

  it('says what is wrong with a path that cannot be written, and loses nothing', async () => {
    const bench = await openBench()
    mkdirSync(path.join(bench.folder, 'log', 'events.ndjson'), {recursive: true})
    await bench.append('a')
    const sink = sinkFor(bench)
    await expect(bench.start(sink).stop()).rejects.toThrow(/event log .*events\.ndjson cannot be written: EISDIR/)
    expect(sink.status()).toMatchObject({state: 'failed', failed: 1})
    rmSync(path.join(bench.folder, 'log'), {recursive: true})
    const {stop} = bench.start(sinkFor(bench))
    await until(() => expect(eventsOf(bench.folder)).toEqual(['a']))
    await stop()
  })

  it('keeps records of the program from its least level on, without secrets', async () => {
    const bench = await openBench()
    const sink = sinkFor(bench, {minLevel: 'warn'}, {redactText: (text) => text.replace('hunter2', '[REDACTED]')})
    const heard: string[] = []
    const say = (level: string) => (message: string) => void heard.push(`${level} ${message}`)
    const tee = sink.tee({debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')})
    tee.info('quiet')
    tee.error('login hunter2 failed')
    const {stop} = bench.start(sink)
    const file = path.join(bench.folder, 'log', 'events.ndjson')
    await until(() => expect(linesOf(file)).toHaveLength(1))
    await stop()
    expect(linesOf(file)[0]).toMatchObject({kind: 'runtime', level: 'error', message: 'login [REDACTED] failed'})
    expect(heard).toEqual(['info quiet', 'error login hunter2 failed'])
  })

  it('leaves out what is filtered, redacts the rest, and never writes a confidential event', async () => {
    const bench = await openBench()
    const outgoing = await compileOutgoing({
      filters: {
        includeTypes: ['note.*'],
        excludeTypes: ['note.private'],
        channelId: undefined,
        toolName: undefined,
        sessionId: undefined,
      },
      redaction: {enabled: true, fields: ['token'], replacement: '[REDACTED]', secrets: true},
      confidential: false,
    })
    const {stop} = bench.start(sinkFor(bench, {}, {outgoing}))
    const note = (type: string, data: Record<string, unknown>, visibility: 'internal' | 'confidential' = 'internal') =>
      makeEvent({type, agentId: 'main', source: 'cli', data, visibility})
    await bench.store.append([
      note('other.thing', {text: 'x'}),
      note('note.private', {text: 'x'}),
      note('note.added', {text: 'secret'}, 'confidential'),
      note('note.added', {text: 'kept', deep: {token: 'canary-1'}, header: 'Bearer sk-ant-REDACTED'}),
    ])
    await until(() => expect(eventsOf(bench.folder)).toEqual(['kept']))
    await stop()
    const text = readFileSync(path.join(bench.folder, 'log', 'events.ndjson'), 'utf8')
    expect(text).not.toContain('canary')
  })
})
