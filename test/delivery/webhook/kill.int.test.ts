import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import path from 'node:path'
import {expect, it, onTestFinished, vi} from 'vitest'
import {type Bench, openBench} from '../fixtures.ts'
import {bodyOf, noteIds, notes} from './endpoints.ts'
import {type Receiver, startReceiver} from './receiver.ts'

const kills = 50
/** However slow this machine is, so much is left to be delivered at the end. */
const mostBehind = 1000
const patience = {timeout: 15_000, interval: 5}

it(`loses nothing when the process that delivers is killed ${kills} times under load`, async () => {
  const bench = await openBench()
  // Now and then an endpoint fails, answers late, or takes an event without saying so.
  const behave = (id: string, count: number): number | undefined => {
    const n = Number(id.slice(1))
    if (count > 2) return 200
    if (n % 331 === 5) return undefined
    return n % 23 === 3 ? 500 : 200
  }
  const parallel = await startReceiver(behave)
  const ordered = await startReceiver((id, count) => (Number(id.slice(1)) % 41 === 7 && count === 1 ? 503 : 200))
  const webhooks = [
    {url: parallel.url, name: 'parallel', secret: `whsec_${Buffer.alloc(32).toString('base64')}`},
    {url: ordered.url, name: 'ordered', ordered: true},
  ]
  const start = () => startChild({folder: bench.folder, webhooks})

  let appended = 0
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      if (appended - Math.min(new Set(parallel.taken).size, new Set(ordered.taken).size) < mostBehind) {
        await bench.store.append(notes(3, appended))
        appended += 3
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  onTestFinished(() => {
    isOver = true
    return writing
  })
  const checks = [cursorCheck(bench, 'webhook:parallel', parallel), cursorCheck(bench, 'webhook:ordered', ordered)]
  // Two stand ready, since a start takes longer than a life.
  const ready = [start(), start()]
  const next = () => {
    ready.push(start())
    return ready.shift()!
  }
  let underLoad = 0
  for (let n = 0; n < kills; n++) {
    const child = await next()
    const before = parallel.requests.length
    child.send('begin')
    // From at once to well under way.
    await vi.waitFor(() => expect(parallel.requests.length - before).toBeGreaterThanOrEqual((n * 37) % 120), patience)
    child.kill('SIGKILL')
    await once(child, 'exit')
    if (new Set(parallel.taken).size < appended && new Set(ordered.taken).size < appended) underLoad++
    for (const check of checks) await check()
  }
  expect(underLoad).toBeGreaterThan(kills / 2)
  isOver = true
  await writing
  const last = await ready[0]!
  last.send('begin')
  await vi.waitFor(() => {
    expect(new Set(ordered.taken).size).toBe(appended)
    expect(new Set(parallel.taken).size).toBe(appended)
  }, patience)
  const head = await bench.store.head()
  for (const reader of ['webhook:parallel', 'webhook:ordered']) {
    await vi.waitFor(async () => {
      expect((await bench.state.cursor(reader))?.position).toBe(head)
      expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
    }, patience)
  }
  last.disconnect()
  await once(last, 'exit')

  const ids = noteIds(appended)
  expect(new Set(parallel.taken)).toEqual(new Set(ids))
  // What comes again comes with its id; what comes for the first time comes in log order.
  expect([...new Set(ordered.taken)]).toEqual(ids)
  for (const request of parallel.requests) expect(bodyOf(request).eventId).toBe(request.headers['webhook-id'])
  // Repeats: what was under way, and what was done in the last moments before a kill.
  expect(parallel.taken.length - appended).toBeLessThan(kills * 300)
}, 120_000)

/** Looks whether everything up to the cursor was taken by the receiver, or stands in the state store. */
function cursorCheck({store, state}: Bench, reader: string, {taken}: Receiver): () => Promise<void> {
  let from = ''
  return async () => {
    const {position = ''} = (await state.cursor(reader)) ?? {}
    if (position === '') return
    const done = new Set([...taken, ...(await state.deliveries({reader, limit: 10_000})).map(({eventId}) => eventId)])
    const missing: string[] = []
    for await (const {eventId} of store.read({}, {from, to: position})) if (!done.has(eventId)) missing.push(eventId)
    expect(missing, `${reader} at ${position}`).toEqual([])
    from = position
  }
}

async function startChild(task: object): Promise<ChildProcess> {
  const file = path.join(import.meta.dirname, 'kill-child.ts')
  const cache = path.join(import.meta.dirname, '..', '..', '..', '.cache', 'test-cache')
  const child = spawn(process.execPath, [file, JSON.stringify(task)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {...process.env, NODE_COMPILE_CACHE: cache},
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}
