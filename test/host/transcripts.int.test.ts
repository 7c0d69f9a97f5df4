import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {zstdCompressSync} from 'node:zlib'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {callsOf, resultOf, saidIn} from '../../src/lib/openclaw/transcript-message.ts'
import type {TranscriptFault, TranscriptRow} from '../../src/lib/openclaw/transcript-row.ts'
import {readTranscripts, type TranscriptQuery} from '../../src/lib/openclaw/transcripts.ts'
import {addEntry, addSession, makeTranscripts, recordedLines} from './transcript-store.ts'

const exec = recordedLines('exec')
const approve = recordedLines('approve')

let stateDir: string
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'claw-events-transcripts-'))
})
afterEach(() => rmSync(stateDir, {recursive: true}))

const sessions = (agentId: string) => path.join(stateDir, 'agents', agentId, 'sessions')

async function read(query: Partial<TranscriptQuery> = {}): Promise<{rows: TranscriptRow[]; faults: TranscriptFault[]}> {
  const faults: TranscriptFault[] = []
  const rows = await Array.fromAsync(readTranscripts({stateDir, onFault: (fault) => faults.push(fault), ...query}))
  return {rows, faults}
}

const summary = (rows: readonly TranscriptRow[]) =>
  rows.map(({agentId, sessionId, sessionKey, seq, at}) => ({agentId, sessionId, sessionKey, seq, at}))

describe('transcripts of OpenClaw', () => {
  it('are none where no agent has run', async () => {
    expect(await read()).toEqual({rows: [], faults: []})
    mkdirSync(path.join(stateDir, 'agents', 'main'), {recursive: true})
    expect(await read()).toEqual({rows: [], faults: []})
  })

  it('come session by session, oldest first, each in order and with everything that was written', async () => {
    const db = makeTranscripts(stateDir, 'main')
    addSession(db, 'younger', 'agent:main:b', 2000)
    addSession(db, 'older', 'agent:main:a', 1000)
    // As the host's sequence has gaps, and rows need not lie in order.
    for (const [index, text] of approve.entries()) {
      addEntry(db, {sessionId: 'younger', seq: index * 2, at: 2000 + index, text, isPacked: index % 2 === 1})
    }
    for (const [index, text] of [...exec.entries()].reverse()) {
      addEntry(db, {sessionId: 'older', seq: index, at: 1000 + index, text})
    }
    db.close()

    const {rows, faults} = await read()
    expect(faults).toEqual([])
    expect(rows.map(({event}) => event)).toEqual([...exec, ...approve].map((line) => JSON.parse(line)))
    expect(summary(rows).at(1)).toEqual({
      agentId: 'main',
      sessionId: 'older',
      sessionKey: 'agent:main:a',
      seq: 1,
      at: 1001,
    })
    expect(new Set(rows.map(({source}) => source))).toEqual(new Set(['agents/main/agent/openclaw-agent.sqlite']))
  })

  it('can be asked for some agents and from some time on', async () => {
    for (const agentId of ['main', 'scout']) {
      const db = makeTranscripts(stateDir, agentId)
      addSession(db, `${agentId}-1`, `agent:${agentId}:a`, 1)
      for (const [index, text] of exec.entries())
        addEntry(db, {sessionId: `${agentId}-1`, seq: index, at: 1000 + index, text})
      db.close()
    }
    const {rows} = await read({agents: ['scout'], since: 1003})
    expect(summary(rows)).toEqual(
      exec.slice(3).map((_, index) => ({
        agentId: 'scout',
        sessionId: 'scout-1',
        sessionKey: 'agent:scout:a',
        seq: index + 3,
        at: index + 1003,
      })),
    )
  })

  it('are given whole and in order, however many pages they have', async () => {
    const db = makeTranscripts(stateDir, 'main')
    db.exec('BEGIN')
    for (let session = 0; session < 450; session++) addSession(db, `s${session}`, `agent:main:${session}`, 7)
    for (let seq = 0; seq < 1000; seq++) {
      addEntry(db, {
        sessionId: 's10',
        seq,
        at: seq,
        text: JSON.stringify({type: 'custom', seq}),
        isPacked: seq % 3 === 0,
      })
    }
    db.exec('COMMIT')
    db.close()
    const {rows, faults} = await read()
    expect(faults).toEqual([])
    expect(rows.map(({event}) => event['seq'])).toEqual(Array.from({length: 1000}, (_, seq) => seq))
  })

  it('are read while the host writes, and hold none of its locks', async () => {
    const db = makeTranscripts(stateDir, 'main')
    addSession(db, 's', 'agent:main:s', 1)
    for (const [index, text] of exec.entries()) addEntry(db, {sessionId: 's', seq: index, at: 1, text})
    const rows: TranscriptRow[] = []
    for await (const row of readTranscripts({stateDir, onFault: () => expect.unreachable()})) {
      rows.push(row)
      // A reader that was still at it would keep this from emptying the log of changes.
      addEntry(db, {sessionId: 's', seq: 1000 + rows.length, at: 1, text: '{"type":"custom"}'})
      expect(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({busy: 0})
      if (rows.length === 3) break
    }
    db.close()
    expect(rows).toHaveLength(3)
  })

  it('tell of a damaged entry, and go on after it', async () => {
    const db = makeTranscripts(stateDir, 'main')
    addSession(db, 's', 'agent:main:s', 1)
    addEntry(db, {sessionId: 's', seq: 0, at: 1, text: exec[0]!})
    addEntry(db, {sessionId: 's', seq: 1, at: 1, text: '{"type":"mess'})
    addEntry(db, {sessionId: 's', seq: 2, at: 1, text: exec[1]!, isPacked: true})
    addEntry(db, {sessionId: 's', seq: 3, at: 1, text: exec[2]!, isPacked: true})
    addEntry(db, {sessionId: 's', seq: 4, at: 1, text: exec[3]!})
    db.exec(`UPDATE transcript_events SET event_zstd = x'0102' WHERE seq = 2`)
    db.exec('UPDATE transcript_events SET event_utf8_bytes = 5 WHERE seq = 3')
    db.close()
    const {rows, faults} = await read()
    expect(rows.map(({seq}) => seq)).toEqual([0, 4])
    expect(faults).toEqual([
      {source: 'agents/main/agent/openclaw-agent.sqlite', sessionId: 's', seq: 1, reason: 'it is no JSON object'},
      expect.objectContaining({seq: 2, reason: expect.stringMatching(/cannot be decompressed/)}),
      expect.objectContaining({seq: 3, reason: expect.stringMatching(/bytes, not 5/)}),
    ])
  })

  it('come out of cold storage, from its file or from the database', async () => {
    const db = makeTranscripts(stateDir, 'main')
    const cold = (lines: readonly string[]) =>
      zstdCompressSync(
        [
          {kind: 'header', version: 1, sessionId: 's', generation: 'g'},
          ...lines.map((text, seq) => ({kind: 'event', row: {seq, event_json: text, created_at: 500 + seq}})),
          {kind: 'identity', row: {event_id: 'x', seq: 0}},
        ]
          .map((record) => `${JSON.stringify(record)}\n`)
          .join(''),
      )
    addSession(db, 'in-file', 'agent:main:f', 1)
    addSession(db, 'in-row', 'agent:main:r', 2)
    addSession(db, 'lost', 'agent:main:l', 3)
    mkdirSync(path.join(sessions('main'), 'cold'), {recursive: true})
    writeFileSync(path.join(sessions('main'), 'cold', 'a.jsonl.zst'), cold(exec))
    const insert = db.prepare('INSERT INTO session_transcript_cold_archives VALUES (?, ?, ?, ?)')
    insert.run('in-file', 'a.jsonl.zst', 'file', null)
    insert.run('in-row', 'b.jsonl.zst', 'sqlite', cold(approve))
    insert.run('lost', 'c.jsonl.zst', 'file', null)
    db.close()

    const {rows, faults} = await read()
    expect(rows.map(({event}) => event)).toEqual([...exec, ...approve].map((line) => JSON.parse(line)))
    expect(rows.at(2)).toMatchObject({
      sessionKey: 'agent:main:f',
      seq: 2,
      at: 502,
      source: 'agents/main/sessions/cold/a.jsonl.zst',
    })
    expect(faults).toEqual([
      {
        source: 'agents/main/sessions/cold/c.jsonl.zst',
        sessionId: 'lost',
        reason: 'the archive of this session is not there',
      },
    ])
  })

  it('come from what was archived, once, with the key that the database knows', async () => {
    const db = makeTranscripts(stateDir, 'main')
    mkdirSync(sessions('main'), {recursive: true})
    const text = (lines: readonly string[]) => `${lines.join('\n')}\n`
    const insert = db.prepare('INSERT INTO session_transcript_archives VALUES (?, ?, ?, ?, ?, ?)')
    const published = 'gone.jsonl.deleted.2026-11-20T21-09-03.250Z.zst'
    insert.run('gone', 'g1', 'agent:main:gone', 'zstd', zstdCompressSync(text(exec)), published)
    writeFileSync(path.join(sessions('main'), published), zstdCompressSync(text(exec)))
    insert.run('unpublished', 'g1', 'agent:main:u', 'identity', Buffer.from(text(approve)), 'u.jsonl.deleted.x')
    writeFileSync(path.join(sessions('main'), 'old.jsonl.reset.2025-01-02T03-04-05Z'), text(exec.slice(0, 2)))
    writeFileSync(path.join(sessions('main'), 'live.jsonl'), text(exec.slice(0, 1)))
    for (const name of ['live.trajectory.jsonl', 'sessions.json', 'live.jsonl.migrated', 'notes.txt']) {
      writeFileSync(path.join(sessions('main'), name), 'no transcript')
    }
    db.close()

    const {rows, faults} = await read()
    expect(faults).toEqual([])
    const bySession = Object.groupBy(rows, ({sessionId}) => sessionId)
    expect(Object.keys(bySession)).toEqual(['gone', 'unpublished', 'live', 'old'])
    expect(bySession['gone']?.map(({event}) => event)).toEqual(exec.map((line) => JSON.parse(line)))
    expect(bySession['gone']?.[1]).toMatchObject({
      sessionKey: 'agent:main:gone',
      seq: 1,
      at: Date.parse('2026-11-20T21:08:58.418Z'),
    })
    expect(bySession['unpublished']).toHaveLength(approve.length)
    expect(bySession['old']?.map(({sessionKey, seq}) => ({sessionKey, seq}))).toEqual([
      {sessionKey: undefined, seq: 0},
      {sessionKey: undefined, seq: 1},
    ])
  })

  it('give what can be read of an archive that was cut off', async () => {
    mkdirSync(sessions('main'), {recursive: true})
    const packed = zstdCompressSync(`${exec.join('\n')}\n`.repeat(200))
    writeFileSync(
      path.join(sessions('main'), 's.jsonl.reset.2026-01-02T03-04-05Z.zst'),
      packed.subarray(0, packed.length - 20),
    )
    writeFileSync(path.join(sessions('main'), 't.jsonl'), `${exec[0]}\n\nnot JSON\n${exec[1]}`)
    const {rows, faults} = await read()
    expect(rows.filter(({sessionId}) => sessionId === 't').map(({seq}) => seq)).toEqual([0, 3])
    expect(faults).toEqual([
      expect.objectContaining({sessionId: 's', reason: expect.stringMatching(/damaged or ends early/)}),
      {source: 'agents/main/sessions/t.jsonl', sessionId: 't', seq: 2, reason: 'it is no JSON object'},
    ])
  })

  it('are read from a host of another version as far as the tables are the same', async () => {
    const db = makeTranscripts(
      stateDir,
      'main',
      `CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT, created_at INTEGER,
         PRIMARY KEY (session_id, seq));`,
    )
    for (const [seq, text] of exec.entries()) {
      db.prepare('INSERT INTO transcript_events VALUES (?, ?, ?, ?)').run('s', seq, text, seq)
    }
    db.close()
    makeTranscripts(stateDir, 'empty', 'CREATE TABLE something_else (a);').close()
    const {rows, faults} = await read()
    expect(faults).toEqual([])
    expect(rows).toHaveLength(exec.length)
  })

  it('say which file is no database', async () => {
    const folder = path.join(stateDir, 'agents', 'main', 'agent')
    mkdirSync(folder, {recursive: true})
    writeFileSync(path.join(folder, 'openclaw-agent.sqlite'), 'this is no database, but long enough to look at')
    expect((await read()).faults).toEqual([
      {source: 'agents/main/agent/openclaw-agent.sqlite', reason: expect.stringMatching(/not a database/)},
    ])
  })

  it('are read where nothing may be written', async () => {
    const db = makeTranscripts(stateDir, 'main')
    addSession(db, 's', 'agent:main:s', 1)
    addEntry(db, {sessionId: 's', seq: 0, at: 1, text: exec[0]!})
    db.close()
    const folder = path.join(stateDir, 'agents', 'main', 'agent')
    chmodSync(folder, 0o500)
    try {
      expect((await read()).rows).toHaveLength(1)
    } finally {
      chmodSync(folder, 0o700)
    }
  })
})

describe('an entry of a transcript', () => {
  const events = exec.map((line): Record<string, unknown> => JSON.parse(line))

  it('tells its tool calls', () => {
    const runId = '51e6e5f2-871a-4dd2-9031-747f346d9bc3'
    expect(events.flatMap(callsOf)).toEqual([
      {toolCallId: 'call_mock_4', toolName: 'exec', params: {command: 'echo hello-from-exec'}, runId},
    ])
    expect(events.flatMap((event) => resultOf(event) ?? [])).toEqual([
      {toolCallId: 'call_mock_4', toolName: 'exec', isError: false, text: 'hello-from-exec', runId},
    ])
  })

  it('tells what was said', () => {
    expect(events.flatMap((event) => saidIn(event) ?? []).slice(0, 3)).toEqual([
      {role: 'user', text: 'run exec [[SCENARIO:exec]]'},
      {role: 'assistant', text: ''},
      {role: 'assistant', text: 'Tool said: hello-from-exec'},
    ])
  })

  it('has no calls where nobody made one, whatever stands in it', () => {
    for (const event of [{}, {type: 'message'}, {type: 'message', message: {role: 'assistant', content: 'x'}}]) {
      expect(callsOf(event)).toEqual([])
      expect(resultOf(event)).toBeUndefined()
    }
    expect(callsOf({type: 'message', message: {role: 'assistant', content: [null, 1, {type: 'toolCall'}]}})).toEqual([])
  })
})
