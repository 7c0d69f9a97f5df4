import {readFileSync} from 'node:fs'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {parseAnchor} from '../../../src/lib/store/anchor.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {positionOf} from '../../../src/lib/store/sqlite/position.ts'
import {event, eventsUpTo} from '../../contracts/event-store/events.ts'
import {logWith, openStore, query, tamper} from './temp-log.ts'

const at = Date.parse('2026-11-21T00:00:00.000Z')
const now = () => at

async function anchoredLog(events: readonly ClawEvent[] = eventsUpTo(30)) {
  const path = await logWith(events, {now})
  const admin = await openSqliteAdmin(path, {now})
  const anchor = await admin.anchor()
  const store = await openStore(path, {now})
  await store.append(events.slice(0, 5).map((one) => ({...one, eventId: `later ${one.eventId}`})))
  await store.close()
  return {path, admin, anchor}
}

describe('an anchor', () => {
  it('is the head of the chain, and proves that the history before it is the same still', async () => {
    const {path, admin, anchor} = await anchoredLog()
    expect(anchor).toEqual({
      store: `sqlite:${path}`,
      position: positionOf(30),
      events: 30,
      chain: String(query(path, 'SELECT hex(chain) AS chain FROM events WHERE seq = 30')[0]?.['chain']).toLowerCase(),
      at: '2026-11-21T00:00:00.000Z',
    })
    expect(await admin.verify({anchor})).toMatchObject({ok: true, events: 35, faults: []})
    expect(await admin.verify({anchor: await admin.anchor()})).toMatchObject({ok: true})
  })

  it('of an empty log proves nothing and is no fault', async () => {
    const {admin, anchor} = await anchoredLog([])
    expect(anchor).toMatchObject({position: '', events: 0})
    expect(await admin.verify({anchor})).toMatchObject({ok: true})
  })

  it('finds a log that was written anew, event by event, with another word in it', async () => {
    const {anchor} = await anchoredLog()
    const other = eventsUpTo(30)
    other[11] = event('e-11', {data: {content: 'what nobody said'}})
    const {admin} = await anchoredLog(other)
    expect(await admin.verify()).toMatchObject({ok: true})
    expect((await admin.verify({anchor})).faults).toEqual([
      {position: positionOf(30), kind: 'changed', message: expect.stringContaining('anchored at 2026-11-21')},
    ])
  })

  it('finds an end that was cut off together with what the log says of its end', async () => {
    const {path, admin, anchor} = await anchoredLog()
    const [{chain, bytes} = {}] = query(
      path,
      'SELECT chain, (SELECT sum(octet_length(body)) FROM events WHERE seq <= 20) AS bytes FROM events WHERE seq = 20',
    )
    tamper(path, 'DELETE FROM events WHERE seq > 20')
    tamper(path, 'UPDATE log SET last_seq = 20, events = 20, chain = ?, bytes = ?', chain as Uint8Array, Number(bytes))
    expect(await admin.verify()).toMatchObject({ok: true})
    expect((await admin.verify({anchor})).faults).toEqual([
      {position: positionOf(21), kind: 'missing', message: expect.stringContaining(anchor.position)},
    ])
  })

  it('holds after an erasure and after pruning, as long as its own place is not pruned', async () => {
    const {admin, anchor} = await anchoredLog()
    await admin.erase({
      filter: {since: Date.parse('2026-11-20T21:00:10.000Z'), until: Date.parse('2026-11-20T21:00:15.000Z')},
    })
    expect(await admin.verify({anchor})).toMatchObject({ok: true, erased: 5})
    await admin.prune({storedBefore: at + 1, keepFrom: positionOf(30)})
    expect(await admin.verify({anchor})).toMatchObject({ok: true, notes: [expect.stringContaining(positionOf(29))]})
    await admin.prune({storedBefore: at + 1, keepFrom: positionOf(31)})
    expect(await admin.verify({anchor})).toMatchObject({ok: true})
    expect(await admin.verify({anchor: {...anchor, chain: '0'.repeat(64)}})).toMatchObject({ok: false})
    await admin.prune({storedBefore: at + 1, keepFrom: positionOf(32)})
    const {ok, faults} = await admin.verify({anchor})
    expect(ok).toBe(false)
    expect(faults).toEqual([
      {position: positionOf(30), kind: 'missing', message: expect.stringMatching(/proves nothing/)},
    ])
  })

  it('is read from what stream head printed, and nothing else', async () => {
    const {anchor} = await anchoredLog()
    expect(parseAnchor(JSON.stringify(anchor), 'anchor.json')).toEqual(anchor)
    const segments = [{from: positionOf(1), to: positionOf(30), chain: anchor.chain}]
    expect(parseAnchor(JSON.stringify({...anchor, segments}), 'anchor.json')).toEqual({...anchor, segments})
    for (const other of [
      '',
      '[]',
      '{}',
      'null',
      readFileSync(import.meta.filename, 'utf8'),
      JSON.stringify({...anchor, chain: anchor.chain.slice(1)}),
      JSON.stringify({...anchor, position: '5'}),
      JSON.stringify({...anchor, segments: [{from: positionOf(1)}]}),
    ]) {
      const failure = expect.objectContaining({
        code: 'INPUT_INVALID',
        exit: 2,
        message: expect.stringMatching(/^anchor\.json is no anchor/),
      })
      expect(() => parseAnchor(other, 'anchor.json')).toThrowError(failure)
    }
  })
})
