import type {Config} from '../config/schema.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {RecentMap} from '../guard/recent-map.ts'
import type {Verdict} from '../guard/verdict.ts'
import {type AgentStream, hear} from './agent-stream.ts'
import {type AgentTree, at as treeAt} from './agent-tree.ts'
import {createCalls} from './calls.ts'
import {createConversation} from './conversation.ts'
import {complete, type Draft} from './draft.ts'
import {approvalEvents, type GuardRecording, guardEvents, isWorthTelling} from './guard-events.ts'
import {createHeldTools} from './held-tools.ts'
import {hookTable, legacyHooks} from './hooks.ts'
import {type HookCall, type HostCall, readCall} from './host-call.ts'
import {createDirectory, memoryLimits} from './memory.ts'
import {createMessages} from './message-hooks.ts'
import {readHook, rowsByName, type Scene} from './readers.ts'
import {createReplies} from './replies.ts'
import {createSynthetic} from './synthetic.ts'
import {type CompileWhere, compileVisibility} from './visibility.ts'

export type {HookCall} from './host-call.ts'

export type CaptureSettings = Pick<Config, 'capture' | 'status' | 'privacy' | 'visibility'>

export interface CaptureOptions {
  settings: CaptureSettings
  /** Epoch milliseconds. */
  now: () => number
  /** Default: UUIDv7. */
  newId?: (now: number) => string
  /** Needed where a visibility rule has an expression: `compileCel` of filter/cel.ts. */
  compileWhere?: CompileWhere
  /** What the policy wants hidden in the params of tool.guard.* and approval.* events. */
  hideParams?: (params: unknown) => unknown
}

/** What became of what the host told. */
export interface CaptureCounters {
  calls: number
  agentEvents: number
  events: number
  /** The same call or event, told once more by another registration. */
  copies: number
  /** Said by other events already, or part of one that comes later. */
  folded: number
  /** Nothing could be made of it. */
  unreadable: number
}

/** What was told, taken from the host's objects, and no longer theirs. */
export interface Told {
  drafts: readonly Draft[]
  /**
   * The events, complete, in the order they are to be stored, with those that follow from them. To be asked once, and in
   * the order of telling, but not at once: the host waits for its hooks, and nobody for this.
   */
  events(): ClawEvent[]
}

/** From what the host tells to the events that are stored. Nothing here throws, waits, or keeps the host's objects. */
export interface Capture {
  hook(call: HookCall): Told
  /** One payload of the host's agent-event stream (S2). */
  agentEvent(payload: unknown): Told
  /** What the guard said of a call; its events have the correlation id of the call's `tool.called`. */
  guard(call: HookCall, verdict: Verdict): Told
  /** What a person decided on a call that the guard asked about. */
  approval(call: HookCall, verdict: Verdict, decision: string): Told
  /** What time alone brings: changes of status, quiet children, parts of replies that nothing ends. */
  tick(): Told
  /** The agents as they are now: what `claw-events status` shows. */
  status(): AgentTree
  counters(): CaptureCounters
}

/** A reply that has been silent for this long is recorded as far as it came. */
const silentReplyMs = 30_000
/** A call that the stream told of and no hook for this long has no hook. */
const unhookedStartMs = 30_000
const unhookedEndMs = 5000

const nothing: Told = {drafts: [], events: () => []}

export function createCapture(options: CaptureOptions): Capture {
  const {settings, now, newId, compileWhere, hideParams} = options
  const {capture, status, privacy} = settings
  const completion = {visibilityOf: compileVisibility(settings.visibility, compileWhere), newId}
  const make = (draft: Draft) => complete(draft, completion)
  const synthetic = createSynthetic({windows: status, tickIntervalMs: status.tickIntervalMs, make, now})
  const directory = createDirectory()
  const calls = createCalls()
  const replies = createReplies({directory, keepsPieces: capture.deltas === 'keep'})
  const held = createHeldTools(calls, directory)
  const scene: Scene = {
    directory,
    calls,
    held,
    messages: createMessages(),
    told: new RecentMap(memoryLimits.messages),
    conversation: createConversation(directory, replies),
    keepsContent: privacy.payloadMode === 'full',
  }
  const stream: AgentStream = {directory, calls, replies, held}
  const guarding: GuardRecording = {memory: scene, hideParams}
  const rows = rowsByName([hookTable, legacyHooks])
  const told = new WeakMap<object, string>()
  const counters: CaptureCounters = {calls: 0, agentEvents: 0, events: 0, copies: 0, folded: 0, unreadable: 0}

  function tellOf(drafts: readonly Draft[], more?: () => ClawEvent[]): Told {
    if (drafts.length === 0 && more === undefined) return nothing
    return {
      drafts,
      events() {
        const events = guarded(
          () => [...drafts.flatMap((draft) => synthetic.follow(make(draft), draft.at)), ...(more?.() ?? [])],
          [],
        )
        counters.events += events.length
        return events
      },
    }
  }

  /** Recording never breaks the host: what fails is counted. */
  function guarded<T>(work: () => T, otherwise: T): T {
    try {
      return work()
    } catch {
      counters.unreadable++
      return otherwise
    }
  }

  function read(call: HookCall): HostCall | undefined {
    const row = rows.get(`${call.kind} ${call.hook}`)
    const host = row === undefined ? undefined : readCall(call, row, directory, now())
    if (host === undefined) counters.unreadable++
    return host
  }

  /** What cannot be read has happened all the same. */
  function readAny(host: HostCall): Draft[] {
    try {
      return readHook(scene, host)
    } catch {
      counters.unreadable++
      const {ids, row, at} = host
      const named = {type: row.types[0]!, eventName: row.hook, source: row.kind}
      return [{...ids, ...named, at, data: {}, metadata: {isUnreadable: true}}]
    }
  }

  /** Several registrations are handed the same object. */
  function isCopy({event, hook}: HookCall): boolean {
    const isTold = told.get(event) === hook
    if (!isTold) told.set(event, hook)
    return isTold
  }

  /** What has to be stored before the gateway's own end: nothing comes after it. */
  function endings(): Draft[] {
    return [...replies.finishAll(), ...held.finishAll()]
  }

  return {
    hook(call) {
      counters.calls++
      return guarded(() => {
        const host = read(call)
        if (host === undefined) return nothing
        if (isCopy(call)) {
          counters.copies++
          return nothing
        }
        const drafts = call.hook === 'gateway_stop' ? [...endings(), ...readAny(host)] : readAny(host)
        if (drafts.length === 0) counters.folded++
        return tellOf(drafts)
      }, nothing)
    },
    agentEvent(payload) {
      counters.agentEvents++
      return guarded(() => {
        const heard = hear(stream, payload, now())
        if (heard === undefined) {
          counters.unreadable++
          return nothing
        }
        const {outcome, ids, at, drafts} = heard
        if (outcome === 'copy') counters.copies++
        if (outcome !== 'folded') return tellOf(drafts)
        counters.folded++
        return tellOf([], () => synthetic.touch(ids, at))
      }, nothing)
    },
    guard(call, verdict) {
      if (!isWorthTelling(verdict)) return nothing
      return guarded(() => {
        const host = read(call)
        return host === undefined ? nothing : tellOf(guardEvents(guarding, host, verdict))
      }, nothing)
    },
    approval: (call, verdict, decision) =>
      guarded(() => {
        const host = read(call)
        return host === undefined ? nothing : tellOf(approvalEvents(guarding, host, verdict, decision))
      }, nothing),
    tick: () =>
      guarded(() => {
        const time = now()
        const overdue = [
          ...replies.overdue(time - silentReplyMs),
          ...held.overdue({started: time - unhookedStartMs, ended: time - unhookedEndMs}),
        ]
        return tellOf(overdue, () => synthetic.sweep(time))
      }, nothing),
    status: () => treeAt(synthetic.state, now()),
    counters: () => ({...counters}),
  }
}
