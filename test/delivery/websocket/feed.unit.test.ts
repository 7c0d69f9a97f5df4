import {describe, expect, it} from 'vitest'
import {type Batch, createFeed, type Listener} from '../../../src/lib/delivery/websocket/feed.ts'
import {createShares} from '../../../src/lib/delivery/websocket/shares.ts'
import {createTurns} from '../../../src/lib/delivery/websocket/turns.ts'
import type {StoredEvent} from '../../../src/lib/event/envelope.ts'
import {event} from '../../contracts/event-store/events.ts'

const stored = (number: number): StoredEvent => ({...event(`e-${number}`), position: String(number), storedAt: ''})

function open() {
  let made = 0
  const feed = createFeed('0', (one) => ({
    event: one,
    frame() {
      made++
      return Buffer.from(`${one.eventId} `)
    },
  }))
  return {feed, made: () => made}
}

function listener(): Listener & {batches: Batch[]; faults: unknown[]; text(): string} {
  const batches: Batch[] = []
  const faults: unknown[] = []
  return {
    batches,
    faults,
    take: (batch) => void batches.push(batch),
    fail: (error) => void faults.push(error),
    text: () => Buffer.concat(batches.map(({frames}) => frames)).toString(),
  }
}

const all = {key: 'all', wants: () => true}

describe('the feed', () => {
  it('joins the frames of one turn, and gives the same bytes to all who see the same', () => {
    const {feed} = open()
    const [one, two] = [listener(), listener()]
    feed.join(all, one)
    feed.join({...all}, two)
    for (const number of [1, 2, 3]) feed.take(stored(number))
    feed.flush()
    feed.flush()
    expect(one.batches).toEqual([{frames: Buffer.from('e-1 e-2 e-3 '), count: 3, to: '3'}])
    expect(two.batches[0]!.frames).toBe(one.batches[0]!.frames)
  })

  it('gives a listener what was taken between its coming and its going', () => {
    const {feed} = open()
    const [early, late] = [listener(), listener()]
    feed.join(all, early)
    feed.take(stored(1))
    feed.join(all, late)
    feed.take(stored(2))
    feed.leave(early)
    feed.take(stored(3))
    feed.flush()
    expect([early.text(), late.text()]).toEqual(['e-1 e-2 ', 'e-2 e-3 '])
  })

  it('makes no frame that nobody wants, and knows its place all the same', () => {
    const {feed, made} = open()
    feed.take(stored(1))
    feed.join({key: 'none', wants: () => false}, listener())
    feed.take(stored(2))
    expect([made(), feed.position()]).toEqual([0, '2'])
  })

  it('drops an audience whose condition fails, and no other', () => {
    const {feed} = open()
    const [bad, good] = [listener(), listener()]
    const slow = () => {
      throw new Error('too slow')
    }
    feed.join({key: 'bad', wants: slow}, bad)
    feed.join(all, good)
    feed.take(stored(1))
    feed.take(stored(2))
    feed.flush()
    expect([bad.faults.length, bad.text(), good.text()]).toEqual([1, '', 'e-1 e-2 '])
  })

  it('is full when one audience has 256 KB to get', () => {
    const feed = createFeed('0', (one) => ({event: one, frame: () => Buffer.alloc(100_000)}))
    feed.join(all, listener())
    const isFull = [1, 2, 3].map((number) => {
      feed.take(stored(number))
      return feed.isFull()
    })
    expect(isFull).toEqual([false, false, true])
    feed.flush()
    expect(feed.isFull()).toBe(false)
  })
})

describe('turns', () => {
  it('run so many pieces of work at a time, in the order they came, and go on after a failure', async () => {
    const inTurn = createTurns(2)
    const begun: number[] = []
    const ends = Array.from({length: 4}, () => Promise.withResolvers<void>())
    const works = ends.map((end, index) =>
      inTurn(async () => {
        begun.push(index)
        await end.promise
      }),
    )
    expect(begun).toEqual([0, 1])
    ends[1]!.reject(new Error('failed'))
    await expect(works[1]).rejects.toThrow('failed')
    expect(begun).toEqual([0, 1, 2])
    for (const end of ends) end.resolve()
    await works[3]
    expect(begun).toEqual([0, 1, 2, 3])
  })
})

describe('shares', () => {
  it('are for so many different things, and one thing may have many users', () => {
    const shares = createShares(2)
    const [a, alsoA, b] = [shares.claim('a'), shares.claim('a'), shares.claim('b')]
    expect(shares.claim('c')).toBeUndefined()
    a?.()
    a?.()
    expect(shares.claim('c')).toBeUndefined()
    alsoA?.()
    expect(shares.claim('c')).toBeTypeOf('function')
    expect(b).toBeTypeOf('function')
  })
})
