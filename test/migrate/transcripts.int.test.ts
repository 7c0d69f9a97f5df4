import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {trustOf} from '../../src/lib/context/trust.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {migrateTranscripts, type TranscriptOptions} from '../../src/lib/migrate/transcripts.ts'
import {readTranscripts} from '../../src/lib/openclaw/transcripts.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {played, recording} from '../capture/scene.ts'
import {addEntry, addSession, makeTranscripts, recordedLines} from '../host/transcript-store.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(path.join(tmpdir(), 'claw-events-transcripts-'))
})
afterEach(() => rmSync(state, {recursive: true, force: true}))

const sessionId = 'session-1'
const sessionKey = 'agent:main:main'
const start = Date.UTC(2026, 10, 20, 21)

/** A host's database with one session of these entries. */
function hostWith(
  entries: readonly object[],
  {id = sessionId, key = sessionKey}: {id?: string; key?: string} = {},
): void {
  const db = makeTranscripts(state, 'main')
  addSession(db, id, key, start)
  for (const [seq, entry] of entries.entries()) {
    const text = JSON.stringify(entry)
    const at = Date.parse((entry as {timestamp?: string}).timestamp ?? '')
    addEntry(db, {sessionId: id, seq, at: Number.isNaN(at) ? start : at, text})
  }
  db.close()
}

const iso = (second: number) => new Date(start + second * 1000).toISOString()

function said(id: string, second: number, text: string, fields: object = {}) {
  return {
    type: 'message',
    id,
    timestamp: iso(second),
    message: {role: 'user', content: text, timestamp: start + second * 1000, ...fields},
  }
}

function answered(id: string, second: number, text: string, runId?: string) {
  const message = {
    role: 'assistant',
    content: [{type: 'text', text}],
    stopReason: 'stop',
    ...(runId && {__openclaw: {runId}}),
  }
  return {type: 'message', id, timestamp: iso(second), message}
}

function live(
  type: string,
  second: number,
  data: Record<string, unknown>,
  fields: Partial<Omit<ClawEvent, 'source'>> = {},
): ClawEvent {
  return makeEvent({
    type,
    agentId: 'main',
    source: 'plugin-hook',
    sessionKey,
    sessionId,
    timestamp: iso(second),
    data,
    ...fields,
  })
}

async function run(store: EventStore, options: Partial<TranscriptOptions> = {}) {
  const released = Promise.withResolvers<void>()
  const lock = async () => ({release: async () => released.resolve()})
  const result = await migrateTranscripts((onFault) => readTranscripts({stateDir: state, onFault}), {
    store,
    lock,
    ...options,
  })
  if (!options.dryRun) await released.promise
  return result
}

async function logOf(...events: ClawEvent[]): Promise<EventStore> {
  const store = openMemoryStore()
  await store.append(events)
  return store
}

async function textsIn(store: EventStore): Promise<unknown[]> {
  const events = await Array.fromAsync(store.read({types: ['conversation.*', 'message.received']}))
  return events.map(({type, data}) => [type.split('.').at(-1), data['text'] ?? data['content']])
}

/** A recorded session, as the host keeps it. */
function hostOf(name: string): void {
  const entries = recordedLines(name).map((line) => JSON.parse(line))
  hostWith(entries, {id: entries[0].id, key: `agent:main:${name}`})
}

describe('migrate --transcripts', () => {
  it('makes messages, tool calls and their results, each as it is when it is recorded as it happens', async () => {
    hostOf('exec')
    const store = openMemoryStore()
    expect(await run(store)).toMatchObject({
      sessions: 1,
      entries: 10,
      events: 7,
      appended: 7,
      recorded: 0,
      duplicates: 0,
    })
    const events = await Array.fromAsync(store.read(everything))
    expect(events.map(({type}) => type)).toEqual([
      'session.start',
      'conversation.message.in',
      'tool.called',
      'tool.completed',
      'conversation.message.out',
      'conversation.message.in',
      'conversation.message.out',
    ])
    const runId = '51e6e5f2-871a-4dd2-9031-747f346d9bc3'
    const common = {
      agentId: 'main',
      sessionKey: 'agent:main:exec',
      sessionId: 'ab471ed9-b08a-415e-bd83-3e0b5d194d08',
      source: 'migration',
      runId,
    }
    expect(events[1]).toMatchObject({
      ...common,
      data: {text: 'run exec [[SCENARIO:exec]]'},
      metadata: {senderIsOwner: true},
    })
    expect(events[2]).toMatchObject({
      ...common,
      toolCallId: 'call_mock_4',
      data: {toolName: 'exec', params: {command: 'echo hello-from-exec'}},
    })
    expect(events[3]).toMatchObject({
      ...common,
      toolCallId: 'call_mock_4',
      correlationId: 'call_mock_4',
      timestamp: '2026-11-20T21:08:58.838Z',
      data: {
        toolName: 'exec',
        params: {command: 'echo hello-from-exec'},
        result: {content: [{type: 'text', text: 'hello-from-exec'}], details: {status: 'completed', exitCode: 0}},
        durationMs: 33,
      },
    })
    expect(events[4]).toMatchObject({
      ...common,
      metadata: {provider: 'mock', model: 'mock-1', responseId: 'chatcmpl-mock-5', usage: {input: 100}},
    })
  })

  it.each(['exec', 'approve', 'block', 'error400', 'slow'])(
    'adds nothing to what was recorded as it happened: %s',
    async (name) => {
      hostOf(name)
      const store = await logOf(...played(recording(name)).events)
      const added: unknown[] = []
      const result = await run(store, {onEvent: ({data}) => void added.push(data['text'])})
      // The answer to a later command, which that recording ends before.
      const later = name === 'exec' ? [expect.stringContaining('Compaction failed')] : []
      expect(added).toEqual(later)
      expect(result.recorded).toBe(result.events - later.length)
      expect(await run(store)).toMatchObject({appended: 0, duplicates: later.length, recorded: result.recorded})
    },
  )

  it('makes an error of the model an error of its run, and a failed tool an error of its call', async () => {
    hostOf('error400')
    const store = openMemoryStore()
    await run(store)
    const [failure] = await Array.fromAsync(store.read({types: ['lifecycle.error']}))
    expect(failure).toMatchObject({
      runId: 'ef9cce95-6479-427f-966a-1773c1ae3d3d',
      error: {message: '400 mock 400', code: '400'},
    })
    rmSync(state, {recursive: true})
    hostOf('block')
    const other = openMemoryStore()
    await run(other)
    const [blocked] = await Array.fromAsync(other.read({types: ['tool.error']}))
    expect(blocked).toMatchObject({
      toolCallId: 'call_mock_13',
      error: {kind: 'blocked', message: 'claw-probe policy: BLOCKME is not allowed'},
    })
  })

  it('adds nothing when it is done again, in parts, or from an archive as well', async () => {
    hostOf('exec')
    mkdirSync(path.join(state, 'agents', 'main', 'sessions'), {recursive: true})
    const lines = recordedLines('exec')
    writeFileSync(
      path.join(state, 'agents', 'main', 'sessions', `${JSON.parse(lines[0]!).id}.jsonl`),
      `${lines.join('\n')}\n`,
    )
    const store = openMemoryStore()
    const stop = new AbortController()
    const first = await run(store, {signal: stop.signal, onProgress: ({entries}) => entries === 5 && stop.abort()})
    expect(first).toMatchObject({interrupted: true, entries: 5})
    expect(first.appended).toBeGreaterThan(0)
    const second = await run(store)
    expect(first.appended + second.appended).toBe(7)
    expect(second).toMatchObject({entries: 20, events: 14, interrupted: false})
    expect(await run(store)).toMatchObject({appended: 0, duplicates: 14})
    expect((await store.describe()).events).toBe(7)
  })

  it('says in a dry run what a run does, and writes nothing', async () => {
    hostOf('exec')
    const store = await logOf(...played(recording('exec')).events.slice(0, 12))
    const before = (await store.describe()).events
    const planned: string[] = []
    const dry = await run(store, {dryRun: true, onEvent: ({eventId}) => void planned.push(eventId)})
    expect((await store.describe()).events).toBe(before)
    const written: string[] = []
    expect(await run(store, {onEvent: ({eventId}) => void written.push(eventId)})).toEqual(dry)
    expect(written).toEqual(planned)
    expect(await run(store, {dryRun: true})).toEqual(await run(store))
  })

  it('tells messages of one text apart: what was recorded takes away the nearest only', async () => {
    hostWith([said('a', 0, 'ok'), said('b', 20, 'ok'), said('c', 40, 'ok')])
    const store = await logOf(live('conversation.message.in', 21, {text: 'ok'}))
    expect(await run(store)).toMatchObject({appended: 2, recorded: 1})
    const times = (await Array.fromAsync(store.read({types: ['conversation.message.in']}))).map(
      ({timestamp}) => timestamp,
    )
    expect(times.sort()).toEqual([iso(0), iso(21), iso(40)])
  })

  it('does not take a like message of another time, session, run or person for it', async () => {
    hostWith([said('a', 0, 'ok'), answered('b', 1, 'done', 'run-1')])
    const store = await logOf(
      live('conversation.message.in', 300, {text: 'ok'}),
      live('conversation.message.in', 0, {text: 'ok'}, {sessionKey: 'agent:main:other', sessionId: 'other'}),
      live('conversation.message.out', 1, {text: 'done'}, {runId: 'run-2'}),
      live('conversation.message.out', 0, {text: 'ok'}),
    )
    expect(await run(store)).toMatchObject({appended: 2, recorded: 0})
  })

  it('knows a message by its name, however late it was recorded or written', async () => {
    hostWith([said('a', 0, 'later', {idempotencyKey: 'm-1:user'})])
    const store = await logOf(live('message.received', 590, {content: 'Later!', messageId: 'm-1'}))
    expect(await run(store)).toMatchObject({appended: 0, recorded: 1})
  })

  it('knows a reply by the parts in which it was streamed', async () => {
    hostWith([
      answered('a', 0, 'First I look.\n\nThen I   answer at length.', 'run-1'),
      answered('b', 5, 'Quite another answer'),
    ])
    const store = await logOf(
      live('conversation.message.out', 0, {text: 'First I look.'}, {runId: 'run-1'}),
      live('conversation.message.out', 1, {text: 'Then I answer at length.'}, {runId: 'run-1'}),
      live('conversation.message.out', 5, {text: 'Quite'}),
    )
    expect(await run(store)).toMatchObject({appended: 1, recorded: 1})
    expect(await textsIn(store)).toContainEqual(['out', 'Quite another answer'])
  })

  it('tells calls apart whose id a model used again', async () => {
    const call = (id: string, second: number, runId: string) => ({
      type: 'message',
      id,
      timestamp: iso(second),
      message: {
        role: 'assistant',
        content: [{type: 'toolCall', id: 'call_0', name: 'exec', arguments: {n: id}}],
        __openclaw: {runId},
      },
    })
    hostWith([call('a', 0, 'run-1'), call('b', 3, 'run-2'), call('c', 6, 'run-3')])
    const store = await logOf(
      live('tool.called', 3, {toolName: 'exec', params: {}}, {toolCallId: 'call_0', runId: 'run-2'}),
    )
    expect(await run(store)).toMatchObject({appended: 2, recorded: 1})
    const runs = (await Array.fromAsync(store.read({types: ['tool.called']}))).map(({runId}) => runId)
    expect(runs.sort()).toEqual(['run-1', 'run-2', 'run-3'])
  })

  it('goes past what it cannot read, names it, and leaves out what is bookkeeping', async () => {
    const odd = [
      {type: 'message'},
      {type: 'message', id: 'x', message: {role: 'user', content: []}},
      {type: 'message', id: 'y', timestamp: 'never', message: {role: 'user', content: 'no time of its own'}},
      {type: 'custom', id: 'z', data: {}},
      {
        type: 'message',
        id: 'i',
        timestamp: iso(9),
        message: {role: 'user', content: [{type: 'image', mimeType: 'image/png', data: 'A'.repeat(9999)}]},
      },
      {type: 'compaction', id: 'k', timestamp: iso(10), summary: 'So far: all well', tokensBefore: 90_000},
      {
        type: 'message',
        id: 'r',
        timestamp: iso(11),
        message: {role: 'toolResult', toolCallId: 't', toolName: 'read', isError: true, content: 'gone'},
      },
    ]
    hostWith(odd)
    writeFileSync(path.join(state, 'agents', 'main', 'agent', 'note.txt'), 'x')
    mkdirSync(path.join(state, 'agents', 'main', 'sessions'))
    writeFileSync(path.join(state, 'agents', 'main', 'sessions', 'broken.jsonl'), '{"half\n')
    const store = openMemoryStore()
    expect(await run(store)).toMatchObject({
      appended: 4,
      failedEntries: 1,
      failed: [{source: 'agents/main/sessions/broken.jsonl'}],
    })
    const events = await Array.fromAsync(store.read(everything))
    expect(events.map(({type, data}) => [type, data['text'] ?? data['summary'] ?? data['error']])).toEqual([
      ['conversation.message.in', 'no time of its own'],
      ['conversation.message.in', ''],
      ['session.after_compaction', 'So far: all well'],
      ['tool.error', 'gone'],
    ])
    expect(events[1]?.data['attachments']).toEqual([{type: 'image', mimeType: 'image/png', base64Length: 9999}])
  })

  it('is trusted like what the host tells: a tool’s result is no memory', async () => {
    hostOf('exec')
    const store = openMemoryStore()
    await run(store)
    const events = await Array.fromAsync(store.read(everything))
    expect(trustOf(events[1]!, 'message')).toBe('owner')
    expect(trustOf(events[3]!, 'tool')).toBe('tool')
    expect(trustOf(events[4]!, 'reply')).toBe('agent')
  })
})
