import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {event, ids} from '../../contracts/event-store/events.ts'
import {afterwards, openScene, tempFolder, until} from './scene.ts'

const content = 'x'.repeat(4000)
const many = (from: number, count: number) =>
  Array.from({length: count}, (_, index) => event(`e-${from + index}`, {data: {content}}))

describe('a client that stops reading', () => {
  it('costs its buffer, is told what it missed, and can have it', async () => {
    const limits = {bufferBytes: 1_000_000, largeBuffers: 1}
    const {store, connect, sink} = await openScene({limits})
    const [slow, quick] = [await connect(), await connect()]
    await store.append([event('first')])
    await Promise.all([slow.has(1), quick.has(1)])
    slow.ws.pause()
    for (let part = 0; part < 100; part++) {
      await store.append(many(part * 100, 100))
      await quick.has(1 + (part + 1) * 100)
    }
    expect(quick.ids()).toEqual(['first', ...ids(many(0, 10_000))])
    const {details, delivered} = sink.status()
    const missed = Number(details?.['missed'])
    expect(delivered + missed).toBe(20_002)
    // Of 40 MB: its buffer, and what the kernel holds for both ends of a connection.
    expect((10_000 - missed) * content.length).toBeLessThan(20_000_000)

    slow.ws.resume()
    const notice = await slow.got('missed')
    const received = slow.events.length
    expect(notice).toEqual({
      type: 'missed',
      from: slow.events.at(-1)!.position,
      to: quick.events.at(-1)!.position,
      count: missed,
    })
    expect(slow.ids()).toEqual(quick.ids().slice(0, received))
    expect(received + missed).toBe(10_001)
    await store.append([event('last')])
    await Promise.all([slow.has(received + 1), quick.has(10_002)])
    expect(slow.ids().at(-1)).toBe('last')

    slow.send({type: 'subscribe', from: notice['from']})
    await slow.has(received + 1 + missed + 1)
    expect(slow.ids().slice(received + 1)).toEqual(quick.ids().slice(received))
  })

  it('is not waited for, and the others notice nothing', async () => {
    const {store, connect} = await openScene({limits: {bufferBytes: 500_000}})
    const [slow, quick] = [await connect(), await connect()]
    slow.ws.pause()
    await store.append(many(0, 5000))
    await quick.has(5000)
    const took: number[] = []
    for (let number = 0; number < 200; number++) {
      const start = performance.now()
      await store.append([event(`n-${number}`)])
      while (quick.events.length < 5001 + number) await new Promise((resolve) => setImmediate(resolve))
      took.push(performance.now() - start)
    }
    took.sort((a, b) => a - b)
    expect(took[100]).toBeLessThan(20)
    expect(took[190]).toBeLessThan(50)
    expect(quick.messages.some(({type}) => type === 'missed')).toBe(false)
  })

  it('misses nothing when it began at a place', async () => {
    const store = await openSqliteStore(path.join(tempFolder(), 'events.db'))
    afterwards(() => store.close())
    const {connect, sink} = await openScene({store, limits: {bufferBytes: 300_000, waitBytes: 50_000, patienceMs: 5}})
    const client = await connect()
    client.send({type: 'subscribe', from: 'start'})
    await client.got('subscribed')
    client.ws.pause()
    for (let part = 0; part < 30; part++) await store.append(many(part * 100, 100))
    await until(() => Number(sink.status().position) === 3000, 'all was heard')
    client.ws.resume()
    await client.has(3000)
    expect(client.ids()).toEqual(ids(many(0, 3000)))
    expect(client.messages.map(({type}) => type).filter((type) => type === 'missed')).toEqual([])
  })

  it('is dropped when it takes nothing for long, also while bytes wait for it', async () => {
    const {store, connect, sink} = await openScene({limits: {pingMs: 150, bufferBytes: 200_000}})
    const [slow, quick] = [await connect(), await connect()]
    slow.ws.pause()
    await store.append(many(0, 3000))
    await quick.has(3000)
    await until(() => sink.status().details?.['clients'] === 1, 'the slow one is dropped')
    expect(quick.ws.readyState).toBe(quick.ws.OPEN)
  })

  it('has an eighth of the buffer when there are many of its kind', async () => {
    const {store, connect, sink} = await openScene({limits: {bufferBytes: 16_000_000, largeBuffers: 1}})
    const slow = [await connect(), await connect(), await connect()]
    for (const {ws} of slow) ws.pause()
    const quick = await connect()
    for (let part = 0; part < 70; part++) {
      await store.append(many(part * 100, 100))
      await quick.has((part + 1) * 100)
    }
    const waiting = (sink.status().delivered - 7000) * content.length
    // One with 16 MB, two with 2 MB, and what the kernel takes: 28 MB are too much for each.
    expect(waiting).toBeLessThan(16_000_000 + 2 * 2_000_000 + 3 * 7_000_000)
    for (const {ws} of slow) ws.resume()
    await Promise.all(slow.map((client) => client.got('missed')))
  })

  it('and asks on and on is dropped', async () => {
    const {connect, sink} = await openScene({limits: {answerBytes: 20_000}})
    const client = await connect()
    const {_socket: socket} = client.ws as unknown as {_socket: {pause(): void}}
    socket.pause()
    const id = 'x'.repeat(128)
    const timer = setInterval(() => {
      if (client.ws.bufferedAmount > 1_000_000) return
      for (let count = 0; count < 2000; count++) client.send({type: 'ping', id})
    }, 1)
    afterwards(() => clearInterval(timer))
    await until(() => sink.status().details?.['clients'] === 0, 'it is dropped')
  })
})

describe('many events at once', () => {
  it('reach every client that reads, whole and in order', async () => {
    const {store, connect} = await openScene()
    const clients = await Promise.all(Array.from({length: 5}, () => connect()))
    await store.append(many(0, 10_000))
    await Promise.all(clients.map((client) => client.has(10_000, 20_000)))
    const wanted = ids(many(0, 10_000))
    for (const client of clients) {
      expect(client.ids()).toEqual(wanted)
      expect(client.messages).toHaveLength(10_001)
    }
  })
})
