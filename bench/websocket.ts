import {fork} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setImmediate as nextTurn} from 'node:timers/promises'
import {WebSocketServer} from 'ws'
import {security} from '../src/lib/config/schema/security.ts'
import {createWebSocketSink} from '../src/lib/delivery/websocket/sink.ts'
import type {StoredEvent} from '../src/lib/event/envelope.ts'
import {openMemoryStore} from '../src/lib/store/memory/store.ts'
import type {EventStore, FollowOptions} from '../src/lib/store/port.ts'
import {openSqliteState} from '../src/lib/store/sqlite/state/store.ts'
import {type BenchRow, inTurns} from './harness.ts'
import {sampleEvents} from './sample-events.ts'

const clients = 10
const inBurst = 50_000
const single = 10_000

/**
 * Frames a second to 10 clients of another process, events of 1 KB. The peer sends every event to every client with
 * `ws.send`, as the event-server plugin does (which reached 170,000 to 182,000 frames/s on its own).
 */
export async function websocket(): Promise<BenchRow[]> {
  const audience = await startClients()
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  try {
    const burst = stored(inBurst)
    const few = burst.slice(0, single)
    const together = await inTurns(
      5,
      () => throughSink(folder, burst, audience, 'together'),
      () => throughWs(burst, audience, 'together'),
    )
    const oneByOne = await inTurns(
      5,
      () => throughSink(folder, few, audience, 'one by one'),
      () => throughWs(few, audience, 'one by one'),
    )
    const common = {peerName: '`ws.send` for each client', unit: 'frames/s'}
    return [
      {claim: `WebSocket, ${clients} clients, many events at once`, ...together, ...common, aim: {atLeast: 4}},
      {claim: `WebSocket, ${clients} clients, one event at a time`, ...oneByOne, ...common, aim: {atLeast: 1}},
    ]
  } finally {
    audience.stop()
    rmSync(folder, {recursive: true})
  }
}

type Manner = 'together' | 'one by one'

function stored(count: number): StoredEvent[] {
  const storedAt = new Date(0).toISOString()
  return sampleEvents(count).map((event, index) => ({
    ...event,
    position: String(index + 1).padStart(16, '0'),
    storedAt,
  }))
}

interface Audience {
  /** Connects everybody; resolves when they are greeted, with what resolves when each has so many more bytes. */
  connect(port: number): Promise<(bytes: number) => Promise<void>>
  stop(): void
}

/** The sink, with a log that gives these events as fast as it is asked. */
async function throughSink(folder: string, events: StoredEvent[], audience: Audience, manner: Manner): Promise<number> {
  const go = Promise.withResolvers<void>()
  const store: EventStore = {
    ...openMemoryStore(),
    async *follow(_, {onHealth, signal}: FollowOptions) {
      onHealth?.({state: 'live'})
      await go.promise
      for (const event of events) {
        yield event
        if (manner === 'one by one') await nextTurn()
      }
      await once(signal, 'abort')
    },
  }
  const state = await openSqliteState(folder)
  const settings = {...security.parse({}).ws, ports: [0]}
  const outgoing = {wants: () => true, prepare: (event: StoredEvent) => event}
  const sink = createWebSocketSink({settings, outgoing, finish: (event) => event})
  const stop = new AbortController()
  const quiet = () => undefined
  const silent = {debug: quiet, info: quiet, warn: quiet, error: quiet}
  const running = sink.run({
    store,
    state,
    log: 'bench',
    diagnostics: silent,
    signal: stop.signal,
    now: Date.now,
    startAt: 'now',
    report: async () => undefined,
  })
  while (sink.status().state !== 'running') await nextTurn()
  const received = await audience.connect(Number(sink.status().details?.['port']))
  const done = received(bytesOf(events))
  const tooSlow = Promise.withResolvers<never>()
  const watch = setInterval(() => {
    if (Number(sink.status().details?.['missed']) > 0) tooSlow.reject(new Error('the clients cannot keep up'))
  }, 100)
  const start = performance.now()
  go.resolve()
  await Promise.race([done, tooSlow.promise])
  const took = (performance.now() - start) / 1000
  clearInterval(watch)
  stop.abort()
  await running
  await state.close()
  return (events.length * clients) / took
}

async function throughWs(events: StoredEvent[], audience: Audience, manner: Manner): Promise<number> {
  const server = createServer()
  const websockets = new WebSocketServer({server})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  websockets.on('connection', (ws) => ws.send('welcome'))
  const received = await audience.connect((server.address() as AddressInfo).port)
  const done = received(bytesOf(events))
  const start = performance.now()
  for (const event of events) {
    const text = JSON.stringify(event)
    for (const ws of websockets.clients) ws.send(text)
    if (manner === 'one by one') await nextTurn()
    // Not to fill the memory: it would be slower still.
    else while ([...websockets.clients].some((ws) => ws.bufferedAmount > 1_000_000)) await nextTurn()
  }
  await done
  const took = (performance.now() - start) / 1000
  for (const ws of websockets.clients) ws.terminate()
  server.close()
  return (events.length * clients) / took
}

/** What each client gets: the texts and their frame headers. */
function bytesOf(events: StoredEvent[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)) + 4, 0)
}

async function startClients(): Promise<Audience> {
  const child = fork(path.join(import.meta.dirname, 'websocket-clients.ts'))
  await once(child, 'message')
  return {
    async connect(port) {
      child.send({port, clients})
      await once(child, 'message')
      return async (bytes) => {
        child.send({bytes})
        await once(child, 'message')
      }
    },
    stop: () => child.kill(),
  }
}
