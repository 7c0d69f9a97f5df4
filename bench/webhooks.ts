import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setTimeout} from 'node:timers/promises'
import {Pool} from 'undici'
import {configSchema} from '../src/lib/config/schema.ts'
import type {Sink} from '../src/lib/delivery/sink.ts'
import {createWebhookSigner} from '../src/lib/delivery/webhook/signature.ts'
import {createWebhookSinks} from '../src/lib/delivery/webhook/sinks.ts'
import type {ClawEvent} from '../src/lib/event/envelope.ts'
import {openSqliteState} from '../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../src/lib/store/sqlite/store.ts'
import {type BenchRow, inTurns, median} from './harness.ts'
import {sampleEvents} from './sample-events.ts'

const parallelEvents = 20_000
const orderedEvents = 5000
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/**
 * Signed deliveries from an embedded log to a receiver in another process, with cursors saved, beside bare undici that
 * sends the same events from memory: written as JSON, signed, in 64 requests at once or one at a time.
 */
export async function webhooks(): Promise<BenchRow[]> {
  const {child, port} = await startReceiver()
  const url = `http://127.0.0.1:${port}`
  try {
    return [
      {
        claim: 'webhooks, signed, in parallel',
        ...(await inTurns(
          5,
          () => deliveredPerSecond(url, parallelEvents, false),
          () => barePerSecond(url, parallelEvents, 64),
        )),
        peerName: 'bare undici',
        unit: 'events/s',
        aim: {atLeast: 0.7},
      },
      {
        claim: 'webhooks, signed, one at a time (`ordered`)',
        ...(await inTurns(
          5,
          () => deliveredPerSecond(url, orderedEvents, true),
          () => barePerSecond(url, orderedEvents, 1),
        )),
        peerName: 'bare undici',
        unit: 'events/s',
        aim: {atLeast: 0.8},
      },
      {
        claim: 'webhooks, from append to the first delivery',
        ours: await median(5, () => firstDeliveryMs(url)),
        peer: 50,
        peerName: 'limit',
        unit: 'ms',
        aim: {atMost: 1},
      },
    ]
  } finally {
    child.kill()
  }
}

async function startReceiver(): Promise<{child: ChildProcess; port: number}> {
  const server = `
    const server = require('node:http').createServer((request, response) => {
      request.resume()
      request.on('end', () => response.end('ok'))
    })
    server.keepAliveTimeout = 60_000
    server.listen(0, '127.0.0.1', () => process.send(server.address().port))`
  const child = spawn(process.execPath, ['-e', server], {stdio: ['ignore', 'inherit', 'inherit', 'ipc']})
  const [port] = (await once(child, 'message')) as [number]
  return {child, port}
}

async function barePerSecond(url: string, count: number, inFlight: number): Promise<number> {
  const events = sampleEvents(count)
  const pool = new Pool(url, {connections: inFlight, pipelining: 1})
  const sign = createWebhookSigner([secret])
  let next = 0
  const send = async () => {
    while (next < count) {
      const event = events[next++]!
      const body = Buffer.from(JSON.stringify(event))
      const timestamp = Math.floor(Date.now() / 1000)
      const headers = {
        'content-type': 'application/json',
        'webhook-id': event.eventId,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': sign({id: event.eventId, timestamp, body}),
      }
      const response = await pool.request({path: '/', method: 'POST', headers, body})
      await response.body.dump()
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({length: inFlight}, send))
  const perSecond = (count / (performance.now() - started)) * 1000
  await pool.close()
  return perSecond
}

async function deliveredPerSecond(url: string, count: number, ordered: boolean): Promise<number> {
  return withSink({url, ordered}, sampleEvents(count), async ({run, sink}) => {
    const started = performance.now()
    await run(() => sink.status().delivered === count)
    return (count / (performance.now() - started)) * 1000
  })
}

async function firstDeliveryMs(url: string): Promise<number> {
  return withSink({url, ordered: false}, [], async ({run, sink, append}) => {
    let started = 0
    await run(() => {
      if (started === 0 && sink.status().state === 'running') {
        started = performance.now()
        append(sampleEvents(1))
      }
      return sink.status().delivered === 1
    })
    return performance.now() - started
  })
}

interface Scene {
  sink: Sink
  append(events: ClawEvent[]): void
  /** Runs the sink until something is so. */
  run(isDone: () => boolean): Promise<void>
}

async function withSink(
  endpoint: {url: string; ordered: boolean},
  events: ClawEvent[],
  measure: (scene: Scene) => Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const store = await openSqliteStore(path.join(folder, 'events.db'))
  const state = await openSqliteState(folder)
  const outgoing = [{wants: () => true, prepare: <T>(event: T) => event}]
  const config = configSchema.parse({webhooks: [{...endpoint, secret}]})
  const [sink] = createWebhookSinks(config, {outgoing, random: Math.random})
  const quiet = () => undefined
  try {
    await store.append(events)
    return await measure({
      sink: sink!,
      append: (more) => void store.append(more),
      async run(isDone) {
        const stop = new AbortController()
        const running = sink!.run({
          store,
          state,
          log: 'bench',
          diagnostics: {debug: quiet, info: quiet, warn: quiet, error: console.error},
          signal: stop.signal,
          now: Date.now,
          startAt: 'start',
          report: async () => undefined,
        })
        while (!isDone()) await setTimeout(2)
        stop.abort()
        await running
      },
    })
  } finally {
    await store.close()
    await state.close()
    rmSync(folder, {recursive: true})
  }
}
