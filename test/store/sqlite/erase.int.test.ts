import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdirSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {describe, expect, it} from 'vitest'
import {createReader} from '../../../src/lib/context/reading.ts'
import {createAnalyzer} from '../../../src/lib/context/words.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import type {EraseRequest} from '../../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {openSqliteContextIndex} from '../../../src/lib/store/sqlite/context-index.ts'
import {positionOf} from '../../../src/lib/store/sqlite/position.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {logWith, openStore, query, tamper} from './temp-log.ts'

const secret = 'xylophonequartz'

/** 300 events of three sessions; what is said in one of them is secret. */
function talks(count = 300) {
  return eventsUpTo(count, (index) =>
    index % 3 === 0
      ? {
          type: 'conversation.message.in',
          sessionKey: `agent:main:dm:${secret}`,
          sessionId: `s-${secret}`,
          runId: `run-${secret}-${index}`,
          data: {toolName: `tool-${secret}`, text: `${secret} said ${index} `.repeat(index % 30)},
        }
      : {sessionKey: `agent:main:dm:other-${index % 3}`, data: {text: `nothing of note ${index} `.repeat(20)}},
  )
}

async function erase(path: string, request: EraseRequest) {
  const admin = await openSqliteAdmin(path)
  return admin.erase(request)
}

async function verified(path: string) {
  const admin = await openSqliteAdmin(path)
  return admin.verify()
}

/** Every file beside the log in which the text still stands. */
function filesWith(path: string, text: string): string[] {
  const folder = dirname(path)
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text))
}

const oneSession: EraseRequest = {filter: {sessions: [`agent:main:dm:${secret}`]}}

describe('erase', () => {
  it('takes the events out, says so in the log, and the log verifies', async () => {
    const path = await logWith(talks())
    expect(await erase(path, {...oneSession, dryRun: true})).toEqual({
      matched: 100,
      erased: 0,
      types: [{key: 'conversation.message.in', count: 100}],
    })
    expect(query(path, "SELECT name FROM sqlite_schema WHERE name = 'erased'")).toEqual([])
    expect(await erase(path, {...oneSession, reason: 'ticket 4711'})).toMatchObject({matched: 100, erased: 100})
    const store = await openStore(path)
    const left = await allOf(store.read(everything))
    const records = left.filter(({type}) => type === 'log.erased')
    expect(ids(left.filter(({type}) => type !== 'log.erased'))).toEqual(
      ids(talks()).filter((_, index) => index % 3 !== 0),
    )
    expect(records.reduce((sum, {data}) => sum + Number(data['erased']), 0)).toBe(100)
    expect(records[0]).toMatchObject({
      agentId: 'system',
      data: {
        by: ['sessions'],
        reason: 'ticket 4711',
        first: positionOf(1),
        proof: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })
    expect(JSON.stringify(records)).not.toContain(secret)
    const events = 200 + records.length
    expect(await verified(path)).toEqual({ok: true, chained: true, events, erased: 100, faults: [], notes: []})
    expect((await store.describe()).events).toBe(events)
    expect(await store.count(everything)).toMatchObject({count: events})
    expect(await erase(path, oneSession)).toEqual({matched: 0, erased: 0, types: []})
  })

  it('leaves no trace of the content in any file: events, indexes, what the indexes were made of, the -wal file', async () => {
    const path = await logWith(talks(3000))
    const store = await openStore(path)
    const index = await openSqliteContextIndex(path, createReader(createAnalyzer(), {}))
    expect((await store.count({text: secret})).count).toBeGreaterThan(900)
    await index.catchUp()
    await index.close()
    // Rows that are moved within the file leave copies behind: earlier erasures make room in the middle of it.
    await erase(path, {filter: {sessions: ['agent:main:dm:other-1']}})
    expect((await store.count({text: secret})).count).toBeGreaterThan(900)
    expect(filesWith(path, secret)).not.toEqual([])
    expect(await erase(path, oneSession)).toMatchObject({erased: 1000, matched: 1000})
    expect(filesWith(path, secret)).toEqual([])
    expect(await store.count({text: secret})).toEqual({count: 0, groups: []})
    expect((await store.count({text: 'note'})).count).toBe(1000)
    expect(await verified(path)).toMatchObject({ok: true, erased: 2000})
    expect(filesWith(path, secret)).toEqual([])
  })

  it('knows an erased id for ever: it is not taken in again, by nobody', async () => {
    const path = await logWith(talks())
    const before = await openStore(path)
    await before.append([event('before')])
    await erase(path, oneSession)
    // One process had the log open all the time, another one opens it now.
    for (const store of [before, await openStore(path)]) {
      expect(await store.append(talks())).toEqual({appended: 0, duplicates: 300})
      expect(await store.append(talks(), {compare: true})).toEqual({appended: 0, duplicates: 300, differing: []})
    }
    const admin = await openSqliteAdmin(path)
    await admin.prune({maxBytes: 0})
    expect(await before.append(talks())).toEqual({appended: 200, duplicates: 100})
    expect(await verified(path)).toMatchObject({ok: true, erased: 0, events: 200})
  })

  it('finds what belongs to a person: what names them, and the runs, messages and sessions that do', async () => {
    const from = (id: string, fields: object) => event(id, {correlationId: `own-${id}`, ...fields})
    const path = await logWith([
      from('sent', {runId: 'r1', correlationId: 'm1', data: {senderId: '4711', content: 'hello'}}),
      from('answer', {runId: 'r1', data: {text: 'an answer'}}),
      from('delivered', {correlationId: 'm1', data: {content: 'an answer'}}),
      from('address', {data: {to: 'telegram:4711'}}),
      from('number', {metadata: {requester: {sender: {id: 4711}}}}),
      from('session', {sessionKey: 'agent:main:telegram:dm:4711', sessionId: 's1'}),
      from('same session', {sessionKey: undefined, sessionId: 's1'}),
      from('other', {data: {senderId: '47110', content: '4711 is only said'}}),
      from('other session', {sessionKey: 'agent:main:telegram:dm:14711', sessionId: 's2'}),
      from('other run', {runId: 'r2'}),
    ])
    expect(await erase(path, {filter: {}, persons: ['4711'], dryRun: true})).toMatchObject({matched: 7})
    expect(await erase(path, {filter: {types: ['tool.*']}, persons: ['4711']})).toMatchObject({matched: 0})
    expect(await erase(path, {filter: {}, persons: ['4711']})).toMatchObject({matched: 7, erased: 7})
    const store = await openStore(path)
    expect(await idsOf(store.read({types: ['message.*']}))).toEqual(['other', 'other session', 'other run'])
    expect(filesWith(path, 'an answer')).toEqual([])
  })

  it('never erases the record of an erasure', async () => {
    const path = await logWith(talks(30))
    await erase(path, oneSession)
    expect(await erase(path, {filter: {types: ['log.*']}})).toMatchObject({matched: 0})
    expect(await erase(path, {filter: {}})).toMatchObject({matched: 20, erased: 20})
    expect(await verified(path)).toMatchObject({ok: true, erased: 30, events: 2})
  })

  it('lets others append and read meanwhile', async () => {
    const path = await logWith(talks(9000))
    const store = await openStore(path)
    const erasing = erase(path, oneSession)
    for (let index = 0; index < 20; index++) await store.append([event(`late-${index}`)])
    const read = await idsOf(store.read({types: ['message.received']}))
    expect(read.filter((id) => id.startsWith('late-'))).toHaveLength(20)
    expect(await erasing).toMatchObject({erased: 3000})
    expect(await verified(path)).toMatchObject({ok: true, erased: 3000})
  })

  it('says when a reader keeps the old pages, and finishes the next time', async () => {
    const path = await logWith(talks(30))
    const reader = new DatabaseSync(path)
    reader.exec('BEGIN; SELECT count(*) FROM events')
    const admin = await openSqliteAdmin(path, {busyMs: 100})
    expect(await admin.erase(oneSession)).toMatchObject({
      erased: 10,
      unfinished: expect.stringMatching(/reading .*-wal/),
    })
    expect(filesWith(path, secret)).not.toEqual([])
    expect((await admin.verify()).notes).toEqual([expect.stringMatching(/cut off/)])
    reader.close()
    expect(await admin.erase(oneSession)).toEqual({matched: 0, erased: 0, types: []})
    expect(filesWith(path, secret)).toEqual([])
    expect(await admin.verify()).toMatchObject({ok: true, notes: []})
  })

  it('killed at any moment leaves a log that verifies, and is finished by the next one', async () => {
    const child = new URL('./erase-child.ts', import.meta.url).pathname
    for (const afterMs of [0, 10, 20, 40, 80]) {
      const path = await logWith(talks(6000))
      const eraser = spawn(process.execPath, [child, path, `agent:main:dm:${secret}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(eraser, 'close')
      await once(eraser.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      eraser.kill('SIGKILL')
      await closed
      const cut = await verified(path)
      expect(cut).toMatchObject({ok: true, faults: []})
      const {matched, erased, unfinished} = await erase(path, oneSession)
      expect([matched, erased + cut.erased, unfinished]).toEqual([erased, 2000, undefined])
      expect(filesWith(path, secret)).toEqual([])
      expect(await verified(path)).toMatchObject({ok: true, erased: 2000, notes: []})
    }
  })

  it('goes together with pruning: counts, the chain and verify stay right', async () => {
    const path = await logWith(talks(300))
    await erase(path, oneSession)
    const admin = await openSqliteAdmin(path)
    const [{bytes = 0} = {}] = await admin.list()
    const maxBytes = Math.floor(bytes / 2)
    const dry = await admin.prune({maxBytes, dryRun: true})
    expect(await admin.prune({maxBytes})).toEqual(dry)
    expect(await admin.verify()).toMatchObject({ok: true, events: dry.left})
    // The place where the chain begins may be that of an erased event.
    const [{seq = 0} = {}] = query(path, 'SELECT min(seq) AS seq FROM erased WHERE seq > (SELECT pruned_seq FROM log)')
    await admin.prune({storedBefore: Date.now() + 1000, keepFrom: positionOf(Number(seq) + 1)})
    expect(query(path, 'SELECT pruned_seq FROM log')).toEqual([{pruned_seq: seq}])
    expect(await admin.verify()).toMatchObject({ok: true})
  })
})

describe('verify after an erasure', () => {
  async function erasedLog() {
    const path = await logWith(talks(60))
    await erase(path, oneSession)
    expect(await verified(path)).toMatchObject({ok: true})
    return path
  }

  async function firstFault(path: string) {
    const {ok, faults} = await verified(path)
    expect(ok).toBe(false)
    return [Number(faults[0]?.position), faults[0]?.kind]
  }

  it('names an event that was deleted with something put in its place', async () => {
    const forge = (digest: string, record: string) => `
      INSERT INTO erased SELECT seq, event_id, stored_at, ${digest}, chain, ${record} FROM events WHERE seq = 5`
    const last = '(SELECT max(record) FROM erased)'
    for (const [digest, record] of [
      ['digest', last],
      ['randomblob(32)', last],
      ['digest', '0'],
      ['digest', '6'],
    ] as const) {
      const path = await erasedLog()
      tamper(path, forge(digest, record))
      tamper(path, 'DELETE FROM events WHERE seq = 5')
      const {faults} = await verified(path)
      expect(faults.map(({kind}) => kind)).toContain('changed')
    }
  })

  it('names an event that is said to be erased but is there', async () => {
    const path = await erasedLog()
    tamper(path, 'INSERT INTO erased SELECT seq, event_id, stored_at, digest, chain, 61 FROM events WHERE seq = 5')
    expect(await firstFault(path)).toEqual([1, 'changed'])
    expect((await verified(path)).faults).toContainEqual(expect.objectContaining({position: positionOf(5)}))
  })

  it('names what is changed or missing of what an erasure left', async () => {
    for (const [sql, kind] of [
      ['UPDATE erased SET digest = randomblob(32) WHERE seq = 7', 'changed'],
      ['UPDATE erased SET chain = randomblob(32) WHERE seq = 7', 'changed'],
      ['UPDATE erased SET stored_at = stored_at + 1 WHERE seq = 7', 'changed'],
      ["UPDATE erased SET event_id = 'another' WHERE seq = 7", 'changed'],
      ['DELETE FROM erased WHERE seq = 7', 'missing'],
      ['DELETE FROM erased', 'missing'],
      ['UPDATE erased SET record = record + 1 WHERE seq = 7', 'changed'],
    ] as const) {
      const path = await erasedLog()
      tamper(path, sql)
      const {ok, faults} = await verified(path)
      expect([sql, ok, faults.some((fault) => fault.kind === kind)]).toEqual([sql, false, true])
    }
  })

  it('names the record of an erasure when it was changed', async () => {
    const path = await erasedLog()
    tamper(path, "UPDATE events SET body = replace(body, 'sessions', 'agents') WHERE type = 'log.erased'")
    expect(await firstFault(path)).toEqual([61, 'changed'])
  })
})
