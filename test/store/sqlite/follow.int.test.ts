import {DatabaseSync} from 'node:sqlite'
import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {event, eventsUpTo, ids} from '../../contracts/event-store/events.ts'
import {follower} from '../../contracts/event-store/follower.ts'
import {openStore, tempPath} from './temp-log.ts'

describe('following an embedded log', () => {
  it('goes on when the -wal file is emptied, and when it is removed and made anew', async () => {
    const path = tempPath()
    const reader = await openStore(path)
    const tail = follower(reader, everything)
    await tail.live
    for (let round = 0; round < 5; round++) {
      const writer = await openStore(path)
      await writer.append([event(`a-${round}`)])
      const checkpointer = new DatabaseSync(path)
      checkpointer.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      checkpointer.close()
      await writer.append([event(`b-${round}`)])
      await writer.close()
      await tail.has(`b-${round}`)
    }
    expect(ids(tail.seen)).toEqual([0, 1, 2, 3, 4].flatMap((round) => [`a-${round}`, `b-${round}`]))
    await tail.stop()
  })

  it('reads only as far as its reader has come', async () => {
    const path = tempPath()
    const store = await openStore(path)
    await store.append(eventsUpTo(5000, () => ({data: {text: 'x'.repeat(2000)}})))
    const {signal} = new AbortController()
    const following = store.follow(everything, {from: '', signal})[Symbol.asyncIterator]()
    const first = await following.next()
    expect(first.value?.eventId).toBe('e-0')
    // A reader in the middle of the log holds no transaction: the -wal file can be emptied completely.
    const other = new DatabaseSync(path)
    expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({busy: 0, log: 0})
    other.close()
    expect((await following.next()).value?.eventId).toBe('e-1')
    await following.return?.()
  })

  it('hears a commit at once, not only at the next poll', async () => {
    const path = tempPath()
    const reader = await openStore(path)
    const writer = await openStore(path)
    const tail = follower(reader, everything)
    await tail.live
    const start = performance.now()
    const rounds = 20
    for (let round = 0; round < rounds; round++) {
      await writer.append([event(`e-${round}`)])
      await tail.has(`e-${round}`)
    }
    // By polling alone the rounds would take 250 ms each, 125 ms if they came by chance.
    expect((performance.now() - start) / rounds).toBeLessThan(100)
    await tail.stop()
  })

  it('refuses a position that is not one of this log', async () => {
    const store = await openStore(tempPath())
    const {signal} = new AbortController()
    for (const from of ['12', 'seq:7', 'zzz']) {
      const following = store.follow(everything, {from, signal})[Symbol.asyncIterator]()
      await expect(following.next()).rejects.toMatchObject({code: 'INPUT_INVALID'})
      await expect(store.read(everything, {from})[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      })
    }
  })
})
