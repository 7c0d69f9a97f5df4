import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach} from 'vitest'
import {security, type WebSocketSettings} from '../../../src/lib/config/schema/security.ts'
import type {Diagnostics} from '../../../src/lib/delivery/diagnostics.ts'
import {compileOutgoing, type Outgoing, type OutgoingOptions} from '../../../src/lib/delivery/outgoing.ts'
import type {Sink, SinkContext} from '../../../src/lib/delivery/sink.ts'
import type {WebSocketLimits} from '../../../src/lib/delivery/websocket/limits.ts'
import {createWebSocketSink} from '../../../src/lib/delivery/websocket/sink.ts'
import type {StoredEvent} from '../../../src/lib/event/envelope.ts'
import {openMemoryStore} from '../../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import {openSqliteState} from '../../../src/lib/store/sqlite/state/store.ts'
import type {StateStore} from '../../../src/lib/store/state-port.ts'
import type {Client, ClientOptions} from './client.ts'
import {connect} from './client.ts'

const undo: Array<() => unknown> = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** Runs after the test, the last first. */
export function afterwards(step: () => unknown): void {
  undo.push(step)
}

export function tempFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-websocket-'))
  afterwards(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}

export interface SceneOptions {
  settings?: Partial<WebSocketSettings>
  limits?: Partial<WebSocketLimits>
  store?: EventStore
  state?: StateStore
  outgoing?: Partial<OutgoingOptions> | Outgoing
  finish?: (event: StoredEvent) => StoredEvent
  startAt?: SinkContext['startAt']
  now?: () => number
}

/** A running sink on a port of its own, and what happens to it. */
export interface Scene {
  store: EventStore
  state: StateStore
  sink: Sink
  /** What was said to the operator, one line each. */
  said: string[]
  url: string
  port: number
  /** Connects, and resolves when the welcome is there. */
  connect(options?: ClientOptions): Promise<Client>
  /** Aborts, and resolves when the sink has ended. */
  stop(): Promise<void>
  ended: Promise<void>
}

export async function openState(): Promise<StateStore> {
  const state = await openSqliteState(path.join(tempFolder(), 'state'))
  afterwards(() => state.close())
  return state
}

export const noRedaction: OutgoingOptions['redaction'] = {
  enabled: false,
  fields: [],
  replacement: '[REDACTED]',
  secrets: true,
}

export function settingsOf(given: Partial<WebSocketSettings> = {}): WebSocketSettings {
  return {...security.parse({}).ws, ports: [0], ...given}
}

/** Starts a sink and resolves when it listens. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const started = await startScene(options)
  await Promise.race([
    until(() => started.sink.status().state === 'running', 'the sink listens'),
    started.ended.then(() => Promise.reject(new Error('the sink has ended'))),
  ])
  return started
}

/** Starts a sink, which may find no port. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const store = options.store ?? openMemoryStore()
  const state = options.state ?? (await openState())
  const said: string[] = []
  const say = (level: string) => (message: string) => void said.push(`${level}: ${message}`)
  const diagnostics: Diagnostics = {debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')}
  const sink = createWebSocketSink({
    settings: settingsOf(options.settings),
    outgoing: await outgoingOf(options.outgoing),
    finish: options.finish ?? ((event) => event),
    limits: {stopMs: 1000, ...options.limits},
  })
  const stopping = new AbortController()
  const ended = sink.run({
    store,
    state,
    log: 'the log',
    diagnostics,
    signal: stopping.signal,
    now: options.now ?? Date.now,
    startAt: options.startAt ?? 'now',
    report: async () => undefined,
  })
  ended.catch(() => undefined)
  afterwards(async () => {
    stopping.abort()
    await ended.catch(() => undefined)
  })
  return {
    store,
    state,
    sink,
    said,
    ended,
    get port() {
      return Number(sink.status().details?.['port'])
    },
    get url() {
      return String(sink.status().details?.['url'])
    },
    connect: (wanted) => connect(Number(sink.status().details?.['port']), wanted),
    stop() {
      stopping.abort()
      return ended
    },
  }
}

function outgoingOf(given: SceneOptions['outgoing'] = {}): Outgoing | Promise<Outgoing> {
  if ('wants' in given && 'prepare' in given) return given as Outgoing
  return compileOutgoing({
    filters: {includeTypes: [], excludeTypes: []},
    redaction: noRedaction,
    confidential: false,
    ...(given as Partial<OutgoingOptions>),
  })
}

/** Looks again and again, and fails after ten seconds, naming what did not come. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
