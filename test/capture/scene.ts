import {readFileSync} from 'node:fs'
import {
  type Capture,
  type CaptureOptions,
  type CaptureSettings,
  createCapture,
  type Told,
} from '../../src/lib/capture/capture.ts'
import {configSchema} from '../../src/lib/config/schema.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'

/** 2026-11-20T21:00:00.000Z. */
export const start = Date.UTC(2026, 10, 20, 21)

type Changes = {
  [Key in keyof CaptureSettings]?: CaptureSettings[Key] extends unknown[]
    ? CaptureSettings[Key]
    : Partial<CaptureSettings[Key]>
}

export function settingsOf({capture, status, privacy, visibility}: Changes = {}): CaptureSettings {
  const standard = configSchema.parse({})
  return {
    capture: {...standard.capture, ...capture},
    status: {...standard.status, ...status},
    privacy: {...standard.privacy, ...privacy},
    visibility: visibility ?? standard.visibility,
  }
}

type Immediate<C> = {
  [Name in keyof C]: C[Name] extends (...args: infer Args) => Told ? (...args: Args) => ClawEvent[] : C[Name]
}

/** A capture that is asked for its events as soon as it is told something. */
export function immediateCapture(options: CaptureOptions): Immediate<Capture> {
  const {hook, agentEvent, guard, approval, tick, ...rest} = createCapture(options)
  return {
    ...rest,
    hook: (call) => hook(call).events(),
    agentEvent: (payload) => agentEvent(payload).events(),
    guard: (call, verdict) => guard(call, verdict).events(),
    approval: (call, verdict, decision) => approval(call, verdict, decision).events(),
    tick: () => tick().events(),
  }
}

export interface Scene {
  capture: Immediate<Capture>
  clock: {now: number}
  /** Everything so far. */
  events: ClawEvent[]
  hook(hook: string, event: object, ctx?: object): ClawEvent[]
  stream(stream: string, data: object, rest?: object): ClawEvent[]
  /** Lets time go by and ticks. */
  wait(ms: number): ClawEvent[]
}

/** A capture with a clock that stands still unless it is moved. */
export function scene(changes: Changes = {}, options: Partial<CaptureOptions> = {}): Scene {
  const clock = {now: start}
  const capture = immediateCapture({settings: settingsOf(changes), now: () => clock.now, ...options})
  const events: ClawEvent[] = []
  const keep = (made: ClawEvent[]) => {
    events.push(...made)
    return made
  }
  const seqs = new Map<string, number>()
  return {
    capture,
    clock,
    events,
    hook: (hook, event, ctx = {}) => keep(capture.hook(callOf(hook, event, ctx))),
    stream(stream, data, rest = {}) {
      const {runId = 'run-1'} = rest as {runId?: string}
      const seq = (seqs.get(runId) ?? 0) + 1
      seqs.set(runId, seq)
      return keep(capture.agentEvent({runId, seq, stream, ts: clock.now, data, ...session, ...rest}))
    },
    wait(ms) {
      clock.now += ms
      return keep(capture.tick())
    },
  }
}

export const session = {agentId: 'main', sessionKey: 'agent:main:main'}
export const ctx = {...session, sessionId: 's-1', runId: 'run-1'}

export function callOf(hook: string, event: object, ctx: object = {}) {
  const kind = hook.includes(':') ? ('internal-hook' as const) : ('plugin-hook' as const)
  return {hook, kind, event: event as Record<string, unknown>, ctx: ctx as Record<string, unknown>}
}

export function typesOf(events: readonly ClawEvent[]): string[] {
  return events.map(({type}) => type)
}

/** Without what is derived from other events. */
export function facts(events: readonly ClawEvent[]): ClawEvent[] {
  return events.filter(({source}) => source !== 'synthetic')
}

export function ofType(events: readonly ClawEvent[], type: string): ClawEvent[] {
  return events.filter((event) => event.type === type)
}

/** The only event of a type. */
export function the(events: readonly ClawEvent[], type: string): ClawEvent {
  const found = ofType(events, type)
  if (found.length !== 1) throw new Error(`${found.length} ${type} in ${typesOf(events).join(' ')}`)
  return found[0]!
}

interface Line {
  at: number
  hook?: string
  kind?: 'plugin-hook' | 'internal-hook'
  stream?: string
  event: Record<string, unknown>
  ctx?: Record<string, unknown>
}

/** What a real gateway (OpenClaw 2026.9.6) handed to a plugin, in order; several recordings are merged by time. */
export function recording(...names: string[]): Line[] {
  const lines = names.flatMap((name) =>
    readFileSync(new URL(`../fixtures/openclaw/${name}.ndjson`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  )
  return lines.sort((a, b) => a.at - b.at)
}

/** The events that a recording makes. */
export function played(lines: readonly Line[], changes: Changes = {}): Scene {
  const made = scene(changes)
  for (const {at, hook, kind, stream, event, ctx = {}} of lines) {
    made.clock.now = at
    if (stream !== undefined) made.events.push(...made.capture.agentEvent(event))
    else if (hook !== undefined && kind !== undefined) made.events.push(...made.capture.hook({hook, kind, event, ctx}))
  }
  return made
}
