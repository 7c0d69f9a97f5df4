import {newEventId} from '../event/id.ts'
import {RecentMap} from '../guard/recent-map.ts'
import type {HostCall} from './host-call.ts'
import {type Ids, memoryLimits} from './memory.ts'

/** One tool call, from the hook before it to its line in the transcript. */
export interface Call extends Ids {
  correlationId: string
  toolName?: string
  state: 'called' | 'blocked' | 'ended'
  /** Epoch milliseconds. */
  calledAt: number
  /** Whether its own hook was recorded. */
  isTold: boolean
  isPersisted: boolean
  /** Whether the guard asked a person about it. */
  isAsked: boolean
  /** How often this run had used the id before: some providers count from zero in every answer. */
  reuse: number
}

interface Waiting {
  call: Call
  paramsText: string
}

/** Calls without an id that may wait for their end in one run; older ones are forgotten. */
const waitingLimit = 100
/** Within this a call with the same id is the same one, told twice. */
const copyWindowMs = 1000

/** The calls that are going on, or were not long ago. */
export interface Calls {
  /** The call of a before_tool_call; undefined when that was told already. */
  begin(host: HostCall, toolName: string | undefined, params: unknown): Call | undefined
  /** A call that something is known of before its own hook was told. */
  announce(host: HostCall, toolName: string | undefined): Call
  /** The call that a later hook or the guard speaks of. */
  find(host: HostCall, toolName?: string, params?: unknown): Call | undefined
  /** By its id alone, for a stream that knows no more. */
  byId(ids: Ids): Call | undefined
  /** What will come back as the params of a call without an id, when the guard changes them. */
  expect(call: Call, params: unknown): void
  end(call: Call): void
}

export function createCalls(): Calls {
  const byKey = new RecentMap<Call>(memoryLimits.calls)
  const waiting = new RecentMap<Waiting[]>(memoryLimits.runs)
  const byObject = new WeakMap<object, Call>()

  const byId = (ids: Ids): Call | undefined => {
    const key = keyOf(ids)
    const call = key === undefined ? undefined : byKey.peek(key)
    const isOther = call?.runId !== undefined && ids.runId !== undefined && call.runId !== ids.runId
    return isOther ? undefined : call
  }

  const announce = ({event, ids, at}: HostCall, toolName: string | undefined): Call => {
    const key = keyOf(ids)
    const before = byId(ids)
    const reuse = before === undefined ? 0 : before.reuse + 1
    const correlationId = key === undefined ? newEventId(at) : correlationOf(ids, reuse)
    const marks = {state: 'called', calledAt: at, isTold: false, isPersisted: false, isAsked: false, reuse} as const
    const call: Call = {...ids, toolName, correlationId, ...marks}
    byObject.set(event, call)
    if (key !== undefined) byKey.put(key, call)
    return call
  }

  return {
    byId,
    announce,
    begin(host, toolName, params) {
      const {ids, event, at} = host
      const known = byId(ids)
      const isKnown = known !== undefined && known.state !== 'ended' && known.toolName === toolName
      if (isKnown) byObject.set(event, known)
      if (isKnown && known.isTold && at - known.calledAt < copyWindowMs) return undefined
      const call = isKnown && !known.isTold ? known : announce(host, toolName)
      call.isTold = true
      if (ids.toolCallId === undefined) {
        const list = waiting.use(scopeOf(ids), () => [])
        list.push({call, paramsText: textOf(params)})
        if (list.length > waitingLimit) list.shift()
      }
      return call
    },
    find({event, ids}, toolName, params) {
      const known = byObject.get(event) ?? byId(ids)
      if (known !== undefined || ids.toolCallId !== undefined) return known
      const call = match(waiting.peek(scopeOf(ids)), toolName, params)
      if (call !== undefined) byObject.set(event, call)
      return call
    },
    expect(call, params) {
      const entry = waiting.peek(scopeOf(call))?.find((one) => one.call === call)
      if (entry !== undefined) entry.paramsText = textOf(params)
    },
    end(call) {
      call.state = 'ended'
      const list = waiting.peek(scopeOf(call))
      const index = list?.findIndex((one) => one.call === call) ?? -1
      if (index >= 0) list?.splice(index, 1)
    },
  }
}

/** What ties the events of one call together: the same from every hook, and after a restart. */
export function correlationOf({runId, sessionKey, toolCallId}: Ids, reuse = 0): string {
  const place = runId ?? sessionKey
  const id = place === undefined ? `${toolCallId}` : `${place}:${toolCallId}`
  return reuse === 0 ? id : `${id}#${reuse}`
}

/** The transcript hook knows the session but not the run, so calls are kept by session. */
function keyOf({sessionKey, runId, toolCallId}: Ids): string | undefined {
  return toolCallId === undefined ? undefined : `${sessionKey ?? runId ?? ''} ${toolCallId}`
}

function scopeOf({runId, sessionKey, agentId}: Ids): string {
  return runId ?? sessionKey ?? agentId ?? ''
}

/**
 * The waiting call of this tool with these params, else the only one of this tool. Where several could be meant, none
 * is: an end that belongs to nobody says less, but nothing false.
 */
function match(list: readonly Waiting[] | undefined, toolName: string | undefined, params: unknown): Call | undefined {
  const candidates = (list ?? []).filter(({call}) => call.toolName === toolName)
  if (candidates.length <= 1) return candidates[0]?.call
  const paramsText = textOf(params)
  return candidates.find((one) => one.paramsText === paramsText)?.call
}

function textOf(params: unknown): string {
  return JSON.stringify(params) ?? ''
}
