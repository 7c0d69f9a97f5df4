import {once} from 'node:events'
import net, {type AddressInfo} from 'node:net'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {type Bench, openBench} from '../fixtures.ts'
import {noteIds, notes, quickRetry, sinkFor, sinksFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const reader = 'webhook:test'
const patience = {timeout: 10_000, interval: 5}

async function allOf(bench: Bench, count: number) {
  await bench.store.append(notes(count))
}

function eachOnce(taken: readonly string[], count: number): void {
  expect([...new Set(taken)].sort()).toEqual(noteIds(count).sort())
}

async function dead(bench: Bench): Promise<string[]> {
  return (await bench.state.deliveries({reader, state: 'dead'})).map(({eventId}) => eventId).sort()
}

describe('an endpoint that is down', () => {
  it('is paused, makes no dead letters, and gets everything when it is back', async () => {
    const bench = await openBench()
    const first = await startReceiver()
    await first.close()
    await allOf(bench, 300)
    const sink = await sinkFor(first.url)
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
    expect(sink.status().reason).toBe(`no connection to 127.0.0.1:${first.port}: connection refused`)
    await vi.waitFor(async () => {
      const {paused} = (await bench.state.cursor(reader))?.details ?? {}
      expect(paused).toMatchObject({reason: expect.stringContaining('connection refused')})
    }, patience)
    // The backlog stays in the log: only what had been tried at the same time waits in the state store.
    expect((await bench.state.countDeliveries(reader)).waiting).toBeLessThan(60)
    const back = await startReceiver(() => 200, first.port)
    await vi.waitFor(() => eachOnce(back.taken, 300), patience)
    await stop()
    expect(back.taken).toHaveLength(300)
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
    expect(bench.said.join('\n')).toContain('it works again')
  })

  it.each([500, 502, 503, 408, 429])('with status %i for everything, is paused and loses nothing', async (status) => {
    const bench = await openBench()
    let isDown = true
    const receiver = await startReceiver(() => (isDown ? status : 200))
    await allOf(bench, 100)
    const sink = await sinkFor(receiver.url)
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
    const before = receiver.requests.length
    await vi.waitFor(() => expect(receiver.requests.length).toBeGreaterThan(before + 5), patience)
    // One at a time, while it is paused.
    expect(sink.status().details).toMatchObject({dead: 0})
    isDown = false
    await vi.waitFor(() => eachOnce(receiver.taken, 100), patience)
    await stop()
    expect(receiver.taken).toHaveLength(100)
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
  })

  it('that hangs is given up after the time-out and tried again', async () => {
    const bench = await openBench()
    let hangs = true
    const receiver = await startReceiver(() => (hangs ? undefined : 200))
    await allOf(bench, 50)
    const sink = await sinkFor(receiver.url, {}, {timeoutMs: 500})
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
    expect(sink.status().reason).toContain('did not answer within 500 ms')
    // On a busy machine an answer may take its time, and what was taken is then sent again.
    hangs = false
    await vi.waitFor(() => eachOnce(receiver.taken, 50), patience)
    await stop()
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
  })

  it('that accepts connections and says nothing, or garbage, is like one that hangs', async () => {
    const bench = await openBench()
    let sockets = 0
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy())
      if (++sockets % 2 === 0) socket.end('SSH-2.0-OpenSSH_9.2\r\n')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    await allOf(bench, 20)
    const sink = await sinkFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {}, {timeoutMs: 100})
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
    await stop()
    expect(await dead(bench)).toEqual([])
  })
})

describe('an event that an endpoint does not take', () => {
  it('is a dead letter after its attempts, while the others are delivered once', async () => {
    const bench = await openBench()
    const receiver = await startReceiver((id) => (id === 'n3' ? 500 : 200))
    await allOf(bench, 50)
    const sink = await sinkFor(receiver.url)
    const {stop} = bench.start(sink)
    await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n3']), patience)
    await stop()
    expect(receiver.requestsOf('n3')).toBe(3)
    expect(receiver.taken.toSorted()).toEqual(
      noteIds(50)
        .filter((id) => id !== 'n3')
        .sort(),
    )
    const [letter] = await bench.state.deliveries({reader, state: 'dead'})
    expect(letter).toMatchObject({attempts: 3, lastError: 'status 500', event: {eventId: 'n3', data: {n: 3}}})
    expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head())
  })

  it.each([400, 401, 403, 404, 422, 301, 302, 307])('because of status %i is a dead letter at once', async (status) => {
    const bench = await openBench()
    const elsewhere = await startReceiver()
    const receiver = await startReceiver((id, _count, response) => {
      if (id !== 'n1') return 200
      response.writeHead(status, {location: elsewhere.url}).end()
      return undefined
    })
    await allOf(bench, 3)
    const {stop} = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n1']), patience)
    await vi.waitFor(() => expect(receiver.taken.toSorted()).toEqual(['n0', 'n2']), patience)
    await stop()
    expect(receiver.requestsOf('n1')).toBe(1)
    expect(elsewhere.requests).toEqual([])
  })

  it('waits while nothing tells that the endpoint works for others', async () => {
    const bench = await openBench()
    const receiver = await startReceiver((id) => (id === 'n0' ? 500 : 200))
    await allOf(bench, 1)
    const {stop} = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(() => expect(receiver.requestsOf('n0')).toBeGreaterThan(8), patience)
    expect(await dead(bench)).toEqual([])
    await bench.store.append(notes(1, 1))
    await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n0']), patience)
    await stop()
    expect(receiver.taken).toEqual(['n1'])
  })

  it('when all are refused, pauses the endpoint before all are dead letters', async () => {
    const bench = await openBench()
    const receiver = await startReceiver(() => 401)
    await allOf(bench, 500)
    const slowly = {initialDelayMs: 500, maxDelayMs: 500}
    const sink = await sinkFor(receiver.url, {}, {retry: slowly})
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
    await stop()
    expect((await dead(bench)).length).toBeLessThan(60)
    const again = await sinkFor(receiver.url)
    receiver.behave(() => 200)
    const second = bench.start(again)
    await vi.waitFor(async () => expect(receiver.taken.length + (await dead(bench)).length).toBe(500), patience)
    await second.stop()
  })

  it('is delivered after `deliveries retry` makes it due, without a restart', async () => {
    const bench = await openBench()
    const receiver = await startReceiver((id) => (id === 'n1' ? 400 : 200))
    await allOf(bench, 3)
    const {stop} = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n1']), patience)
    receiver.behave(() => 200)
    expect(await bench.state.retryDead(reader)).toBe(1)
    await vi.waitFor(() => expect(receiver.taken.toSorted()).toEqual(['n0', 'n1', 'n2']), patience)
    await stop()
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
  })
})

describe('Retry-After', () => {
  it.each(['1', 'a date'])('is kept, given as %s', async (form) => {
    const bench = await openBench()
    const times: number[] = []
    const receiver = await startReceiver((_id, _count, response) => {
      times.push(performance.now())
      if (times.length > 1) return 200
      const text = form === '1' ? '1' : new Date(Date.now() + 2000).toUTCString()
      response.writeHead(429, {'retry-after': text}).end()
      return undefined
    })
    await allOf(bench, 1)
    const {stop} = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(() => expect(receiver.taken).toEqual(['n0']), patience)
    // And nothing else is sent in the meantime.
    await stop()
    expect(times[1]! - times[0]!).toBeGreaterThan(900)
    expect(times).toHaveLength(2)
  })

  it('of one answer is kept for all events', async () => {
    const bench = await openBench()
    let limited = 0
    const receiver = await startReceiver((id, count, response) => {
      if (id !== 'n0' || count > 1) return 200
      limited = performance.now()
      response.writeHead(503, {'retry-after': '1'}).end()
      return undefined
    })
    await allOf(bench, 1)
    const sink = await sinkFor(receiver.url)
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(limited).toBeGreaterThan(0), patience)
    await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
    await bench.store.append(notes(5, 1))
    await vi.waitFor(() => eachOnce(receiver.taken, 6), patience)
    expect(performance.now() - limited).toBeGreaterThan(900)
    await stop()
  })
})

describe('a response', () => {
  it('that never ends counts by its status, and its connection is given up', async () => {
    const bench = await openBench()
    const receiver = await startReceiver((id, _count, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
      receiver.taken.push(id)
      return undefined
    })
    await allOf(bench, 20)
    const sink = await sinkFor(receiver.url, {}, {timeoutMs: 200})
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().delivered).toBe(20), patience)
    await stop()
    expect(receiver.taken).toHaveLength(20)
  })

  it('that is huge costs neither memory nor the delivery', async () => {
    const bench = await openBench()
    let written = 0
    const receiver = await startReceiver((id, _count, response) => {
      receiver.taken.push(id)
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536
        if (!response.destroyed) response.once('drain', more)
      }
      more()
      return undefined
    })
    await allOf(bench, 5)
    const sink = await sinkFor(receiver.url)
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().delivered).toBe(5), patience)
    await stop()
    expect(receiver.taken).toHaveLength(5)
    expect(written).toBeLessThan(50_000_000)
  })
})

describe('partial failure', () => {
  it('of one endpoint touches no other, and the failing one misses nothing', async () => {
    const bench = await openBench()
    const good = await startReceiver()
    const flaky = await startReceiver((_id, count) => (count === 1 ? 500 : 200))
    const sinks = await sinksFor({
      webhooks: [
        {url: good.url, name: 'good'},
        {url: flaky.url, name: 'flaky'},
      ],
    })
    await allOf(bench, 60)
    const runs = sinks.map((sink) => bench.start(sink))
    await vi.waitFor(() => eachOnce(flaky.taken, 60), patience)
    await vi.waitFor(() => eachOnce(good.taken, 60), patience)
    await Promise.all(runs.map(({stop}) => stop()))
    expect(good.taken).toHaveLength(60)
    expect(flaky.taken).toHaveLength(60)
  })

  it('in any order of completion loses nothing and moves the cursor no further than what is done', async () => {
    const bench = await openBench()
    const held: Array<() => void> = []
    const receiver = await startReceiver((id, count, response) => {
      // The first ends last, and one in the middle fails.
      if (id === 'n4' && count === 1) return 500
      if (id !== 'n0') return 200
      held.push(() => {
        receiver.taken.push(id)
        response.writeHead(200).end()
      })
      return undefined
    })
    await allOf(bench, 10)
    const {stop} = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(9), patience)
    expect((await bench.state.cursor(reader))?.position).toBe('')
    for (const release of held) release()
    await vi.waitFor(async () => {
      expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head())
    }, patience)
    await stop()
    eachOnce(receiver.taken, 10)
    expect(receiver.taken).toHaveLength(10)
  })
})

describe('bounds', () => {
  it('keep no more in flight than queue.maxSize, and lose nothing', async () => {
    const bench = await openBench()
    let now = 0
    let most = 0
    const receiver = await startReceiver((id, _count, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        receiver.taken.push(id)
        response.writeHead(200).end()
      }, 2)
      return undefined
    })
    await allOf(bench, 400)
    const {stop} = bench.start(await sinkFor(receiver.url, {}, {config: {queue: {maxSize: 10}}}))
    await vi.waitFor(() => eachOnce(receiver.taken, 400), patience)
    await stop()
    expect(most).toBeLessThanOrEqual(10)
    expect(receiver.taken).toHaveLength(400)
  })

  it('keep no more waiting than queue.maxSize: the others stay in the log', async () => {
    const bench = await openBench()
    // Fails half of the time, so that it is never taken for an endpoint that is down.
    const receiver = await startReceiver((id, count) => (count < 4 && Number(id.slice(1)) % 2 ? 500 : 200))
    const sink = await sinkFor(receiver.url, {}, {config: {queue: {maxSize: 10}}, retry: {maxAttempts: 10}})
    await allOf(bench, 200)
    const {stop} = bench.start(sink)
    let most = 0
    await vi.waitFor(() => {
      most = Math.max(most, sink.status().waiting)
      eachOnce(receiver.taken, 200)
    }, patience)
    await stop()
    expect(most).toBeLessThanOrEqual(30)
    expect(receiver.taken).toHaveLength(200)
  })
})

it('stops within a bounded time, and repeats what it had to break off', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n2' ? undefined : 200))
  await allOf(bench, 6)
  const first = bench.start(await sinkFor(receiver.url, {}, {timeoutMs: 60_000}))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(5), patience)
  const began = performance.now()
  await first.stop()
  expect(performance.now() - began).toBeLessThan(3500)
  receiver.behave(() => 200)
  const second = bench.start(await sinkFor(receiver.url))
  await vi.waitFor(() => eachOnce(receiver.taken, 6), patience)
  await second.stop()
  // Only what was broken off came twice.
  expect(receiver.requests).toHaveLength(7)
})

it('tries again after a restart what had failed before', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n1' || id === 'n2' ? 500 : 200))
  await allOf(bench, 6)
  const slowly = {...quickRetry, initialDelayMs: 200, maxDelayMs: 200, maxAttempts: 5}
  const first = bench.start(await sinkFor(receiver.url, {}, {retry: slowly}))
  await vi.waitFor(async () => {
    expect((await bench.state.countDeliveries(reader)).waiting).toBe(2)
    expect(receiver.taken).toHaveLength(4)
  }, patience)
  await first.stop()
  receiver.behave(() => 200)
  const second = bench.start(await sinkFor(receiver.url))
  await vi.waitFor(() => eachOnce(receiver.taken, 6), patience)
  await second.stop()
  expect(receiver.taken).toHaveLength(6)
})
