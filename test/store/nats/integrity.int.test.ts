import {execFileSync} from 'node:child_process'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import type {Anchor} from '../../../src/lib/store/anchor.ts'
import {erasureRecord} from '../../../src/lib/store/erasure.ts'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {digestOf} from '../../../src/lib/store/nats/chain.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import {tombstoneJson} from '../../../src/lib/store/nats/tombstones.ts'
import type {StoreAdmin, VerifyResult} from '../../../src/lib/store/port.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {bareClient, newLog, reconfigure} from './a-log.ts'

const position = (seq: number) => String(seq).padStart(16, '0')

describe.each(natsBinaries)('what a log on nats-server %s proves', (binary) => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNats({binary})
  })
  afterAll(() => server.stop())

  async function withAdmin<T>(options: NatsOptions, task: (admin: StoreAdmin) => Promise<T>): Promise<T> {
    const admin = await openNatsAdmin(options)
    try {
      return await task(admin)
    } finally {
      await admin.close()
    }
  }

  const verified = (options: NatsOptions, anchor?: Anchor): Promise<VerifyResult> =>
    withAdmin(options, (admin) => admin.verify({anchor}))

  async function logWith(count: number): Promise<NatsOptions & {stream: string; prefix: string}> {
    const options = await newLog(server.url)
    const store = await openNatsStore(options)
    // A message vouches for those that were acknowledged before it was sent.
    for (let start = 0; start < count; start += 30)
      await store.append(eventsUpTo(Math.min(count, start + 30)).slice(start))
    await store.close()
    return options
  }

  interface Copied {
    subject: string
    data: Uint8Array
    headers: ReadonlyArray<readonly [string, string]>
  }

  /** A stream with the same messages, marks and all, changed as somebody would who can write the server's files. */
  async function forged(options: NatsOptions & {stream: string; prefix: string}, change: (all: Copied[]) => void) {
    const {nc, jsm, close} = await bareClient(server.url)
    const {headers} = await import('@nats-io/transport-node')
    const {state} = await jsm.streams.info(options.stream)
    const all: Copied[] = []
    for (let seq = 1; seq <= state.last_seq; seq++) {
      const message = await jsm.streams.getMessage(options.stream, {seq})
      if (!message) continue
      const {subject, data, header} = message
      all.push({
        subject,
        data,
        headers: [...header].flatMap(([name, values]) => values.map((value) => [name, value] as const)),
      })
    }
    change(all)
    const other = await newLog(server.url)
    for (const {subject, data, headers: pairs} of all) {
      const header = headers()
      for (const [name, value] of pairs) header.append(name, value)
      await nc.request(subject.replace(options.prefix, other.prefix), data, {headers: header, timeout: 5000})
    }
    await close()
    return other
  }

  it('is whole with any number of writers at once, and with events that the server turned away', async () => {
    const options = await newLog(server.url)
    const stores = await Promise.all([1, 2, 3].map(() => openNatsStore(options)))
    await Promise.all(
      stores.map(async (store, writer) => {
        for (let turn = 0; turn < 20; turn++) {
          // Half of what each appends the others append, too.
          const shared = eventsUpTo(30 * (turn + 1)).slice(30 * turn)
          const own = shared.map(({eventId}) => event(`${writer}-${eventId}`))
          await store.append(shared.flatMap((one, index) => [one, own[index]!]))
        }
        for (let index = 0; index < 70; index++) await store.append([event(`single-${writer}-${index}`)])
      }),
    )
    const refused = await stores[0]!.append([event('x'.repeat(3000))]).catch(({code}) => code)
    expect(refused).toBe('EVENT_INVALID')
    await stores[0]!.append([event('after')])
    for (const store of stores) await store.close()
    expect(await verified(options)).toEqual({
      ok: true,
      chained: true,
      events: 600 + 3 * 600 + 3 * 70 + 1,
      erased: 0,
      faults: [],
      notes: [],
    })
  })

  it('is whole after the server was killed in the middle', async () => {
    const own = await startNats({binary})
    const options = await newLog(own.url)
    const store = await openNatsStore(options)
    const appending = store.append(eventsUpTo(20_000))
    await expect.poll(async () => (await store.describe()).events, {interval: 1, timeout: 20_000}).toBeGreaterThan(500)
    await own.kill9()
    await own.restart()
    await appending
    await store.append([event('after')])
    expect(await withAdmin(options, (admin) => admin.verify())).toMatchObject({ok: true, chained: true, faults: []})
    expect(await idsOf(store.read(everything))).toEqual([...ids(eventsUpTo(20_000)), 'after'])
    await store.close()
    await own.stop()
  })

  it('names a deleted event, in the middle and at the end', async () => {
    const options = await logWith(300)
    const {jsm, close} = await bareClient(server.url)
    for (const seq of [50, 51, 300]) await jsm.streams.deleteMessage(options.stream, seq)
    await close()
    const {ok, events, faults} = await verified(options)
    expect({ok, events}).toEqual({ok: false, events: 297})
    expect(faults).toMatchObject([
      {position: position(50), kind: 'missing', message: expect.stringMatching(/^2 events are missing/)},
      {position: position(300), kind: 'missing'},
    ])
  })

  it('names what was changed, dropped and swapped in the files of a server, though its sequences have no gap', async () => {
    const options = await logWith(300)
    expect(await verified(await forged(options, () => undefined))).toMatchObject({ok: true, chained: true})
    const at = 120
    const cases: Array<[string, number, (all: Copied[]) => void]> = [
      ['changed', at, (all) => Object.assign(all[at - 1]!, {data: Buffer.from(all[7]!.data)})],
      ['changed', at, (all) => all[at - 1]!.data.set([all[at - 1]!.data[40]! ^ 1], 40)],
      ['missing', at, (all) => all.splice(at - 1, 1)],
      ['missing', 1, (all) => all.splice(0, 3)],
      ['swapped', 101, (all) => all.splice(99, 2, all[100]!, all[99]!)],
    ]
    for (const [kind, seq, change] of cases) {
      const {ok, faults} = await verified(await forged(options, change))
      expect({ok, fault: faults[0]}).toMatchObject({ok: false, fault: {kind, position: position(seq)}})
    }
  })

  it('says of events of other tools that they are in no chain', async () => {
    const options = await logWith(10)
    const {nc, close} = await bareClient(server.url)
    await nc.request(`${options.prefix}.main.deploy.finished`, JSON.stringify(event('foreign')))
    await close()
    expect(await verified(options)).toMatchObject({
      ok: true,
      chained: false,
      events: 11,
      notes: [expect.stringMatching(/^1 events are in no chain/)],
    })
  })

  describe('after an erasure', () => {
    const secret = `xylophonequartz${binary.replace('.', '')}`
    const mine = {filter: {sessions: [secret]}}

    function talks(count = 60) {
      return eventsUpTo(count, (index) =>
        index % 3 === 0
          ? {sessionKey: secret, data: {text: `${secret} ${index}`, content: `${secret} again`}}
          : {data: {text: `nothing of note ${index}`}},
      )
    }

    async function talkLog(count?: number) {
      const options = await newLog(server.url)
      const store = await openNatsStore(options)
      await store.append(talks(count))
      await store.close()
      return options
    }

    /** Names of files under the server's folder that hold the text. */
    function filesWith(text: string): string {
      try {
        return execFileSync('grep', ['-rla', text, server.folder], {encoding: 'utf8'})
      } catch {
        return ''
      }
    }

    it('is whole: the events are gone from the stream and from the server’s files, and the log says so', async () => {
      const options = await talkLog(700)
      const anchor = await withAdmin(options, (admin) => admin.anchor())
      expect(filesWith(secret)).not.toBe('')
      const dry = {matched: 234, erased: 0, types: [{key: 'message.received', count: 234}]}
      await withAdmin(options, async (admin) => {
        expect(await admin.erase({...mine, dryRun: true})).toEqual(dry)
        expect(await admin.erase({...mine, reason: 'a request'})).toEqual({...dry, erased: 234})
        expect(await admin.erase(mine)).toEqual({matched: 0, erased: 0, types: []})
      })
      expect(filesWith(secret)).toBe('')
      const store = await openNatsStore(options)
      const left = await allOf(store.read(everything))
      await store.close()
      expect(left.filter(({type}) => type !== 'log.erased')).toHaveLength(466)
      const records = left.filter(({type}) => type === 'log.erased')
      expect(records.map(({data}) => [data['erased'], data['by'], data['reason']])).toEqual([
        [200, ['sessions'], 'a request'],
        [34, ['sessions'], 'a request'],
      ])
      expect(await verified(options)).toEqual({
        ok: true,
        chained: true,
        events: 468,
        erased: 234,
        faults: [],
        notes: [],
      })
      expect(await verified(options, anchor)).toMatchObject({ok: true, notes: []})
    })

    it('is not whole when another event was deleted, too', async () => {
      const options = await talkLog()
      await withAdmin(options, (admin) => admin.erase(mine))
      const {jsm, close} = await bareClient(server.url)
      await jsm.streams.deleteMessage(options.stream, 5)
      await close()
      expect((await verified(options)).faults).toMatchObject([{position: position(5), kind: 'missing'}])
    })

    it('the ids stay known to whoever imports or migrates', async () => {
      const options = await talkLog()
      const before = await openNatsStore(options)
      expect(await before.append(talks(), {bulk: true})).toEqual({appended: 0, duplicates: 60})
      await withAdmin(options, (admin) => admin.erase(mine))
      const again = await openNatsStore(options)
      for (const store of [before, again]) {
        expect(await store.append(talks(), {bulk: true})).toEqual({appended: 0, duplicates: 60})
        await store.close()
      }
    })

    it('is whole also where the oldest events and the records were pruned', async () => {
      const options = await talkLog()
      await withAdmin(options, async (admin) => {
        await admin.erase(mine)
        await admin.prune({storedBefore: Date.now() + 60_000, keepFrom: position(32)})
        expect(await admin.verify()).toMatchObject({ok: true, notes: [expect.stringContaining(position(30))]})
        expect((await admin.list()).find(({stream}) => stream === options.stream)?.first?.position).toBe(position(32))
        await admin.prune({storedBefore: Date.now() + 60_000})
        expect(await admin.verify()).toMatchObject({ok: true, events: 0})
        expect(await admin.applyRetention()).toEqual({removed: 0, left: 0})
      })
    })

    it('goes on where it was cut off: the record was there, and so were the events', async () => {
      const options = await talkLog()
      const store = await openNatsStore(options)
      const {jsm, close} = await bareClient(server.url)
      const [first] = await allOf(store.read({sessions: [secret]}))
      const message = await jsm.streams.getMessage(options.stream, {seq: 1})
      await close()
      const tombstone = tombstoneJson({seq: 1, eventId: 'e-0', digest: digestOf(message!.data)})
      const request = {filter: {sessions: [secret]}}
      const {position} = first!
      const erasure = {erased: 1, first: position, last: position, request}
      await store.append([erasureRecord(erasure, {events: [tombstone]}, Date.now())])
      expect(await verified(options)).toMatchObject({ok: true, erased: 0, events: 61})
      expect(await withAdmin(options, (admin) => admin.erase(mine))).toMatchObject({matched: 20, erased: 20})
      expect(await verified(options)).toMatchObject({ok: true, erased: 20, events: 42})
      await store.close()
    })

    it('does not come about in an immutable stream, which says so', async () => {
      const options = await talkLog()
      await reconfigure(server.url, options.stream, {deny_delete: true})
      await withAdmin(options, async (admin) => {
        expect(await admin.erase({...mine, dryRun: true})).toMatchObject({matched: 20, erased: 0})
        await expect(admin.erase(mine)).rejects.toMatchObject({
          code: 'STORE_READ_ONLY',
          message: expect.stringMatching(/immutable/),
        })
        expect(await admin.verify()).toMatchObject({ok: true, events: 60})
      })
    })
  })

  describe('with an anchor', () => {
    it('finds a stream that was made anew with another word, or without its end', async () => {
      const options = await logWith(300)
      const anchor = await withAdmin(options, (admin) => admin.anchor())
      expect(anchor).toMatchObject({
        position: position(300),
        events: 300,
        chain: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      expect(await verified(options, anchor)).toMatchObject({ok: true})
      expect(await verified(await forged(options, () => undefined), anchor)).toMatchObject({ok: true})
      const fresh = await newLog(server.url)
      const store = await openNatsStore(fresh)
      await store.append(eventsUpTo(300, (index) => (index === 11 ? {data: {content: 'what nobody said'}} : {})))
      await store.close()
      expect(await verified(fresh)).toMatchObject({ok: true})
      expect((await verified(fresh, anchor)).faults).toMatchObject([{position: position(1), kind: 'changed'}])
      const cut = await forged(options, (all) => all.splice(250))
      expect(await verified(cut)).toMatchObject({ok: true})
      expect((await verified(cut, anchor)).faults).toMatchObject([{position: position(251), kind: 'missing'}])
    })

    it('proves what is left when the oldest events are gone, and nothing when all are', async () => {
      const options = await logWith(9000)
      const anchor = await withAdmin(options, (admin) => admin.anchor())
      expect(anchor.segments).toHaveLength(3)
      await withAdmin(options, async (admin) => {
        const prune = (keepFrom: number) =>
          admin.prune({storedBefore: Date.now() + 60_000, keepFrom: position(keepFrom)})
        await prune(4097)
        expect(await admin.verify({anchor})).toMatchObject({
          ok: true,
          notes: [expect.stringMatching(/4096 has expired/), expect.stringMatching(/4096 cannot be compared/)],
        })
        await prune(9000)
        const {ok, faults} = await admin.verify({anchor})
        expect(ok).toBe(false)
        expect(faults).toMatchObject([{kind: 'missing', message: expect.stringMatching(/proves nothing/)}])
      })
    })

    it('of an empty stream is no fault', async () => {
      const options = await newLog(server.url)
      const anchor = await withAdmin(options, (admin) => admin.anchor())
      expect(anchor).toMatchObject({position: '', events: 0, segments: []})
      expect(await verified(options, anchor)).toMatchObject({ok: true})
    })
  })

  it('holds where the age limit took events around those that are exempt from it', async () => {
    const options = await newLog(server.url, {maxAgeMs: 1000})
    const store = await openNatsStore(options)
    await store.append(eventsUpTo(200, (index) => ({type: index % 10 === 0 ? 'memory.section' : 'message.received'})))
    await expect.poll(async () => (await store.describe()).events, {timeout: 10_000}).toBeLessThan(100)
    await store.append([event('later'), event('last')])
    expect(await verified(options)).toMatchObject({ok: true, chained: true, faults: []})
    await store.close()
  })
})
