import {toTimestamp} from '../event/timestamp.ts'
import {firstId, idAt, keysOf, present, valueAt} from './fields.ts'
import type {HookRow} from './hooks.ts'
import type {Directory, Ids} from './memory.ts'
import {snapshotOfValue} from './snapshot.ts'

/** One call of a host hook, as the host made it. */
export interface HookCall {
  hook: string
  event: Record<string, unknown>
  ctx: Record<string, unknown>
  kind: 'plugin-hook' | 'internal-hook'
  /** Epoch milliseconds: when the host called, where that was before now. */
  at?: number
}

/** A hook call with what can be said of it without looking at its content. */
export interface HostCall {
  row: HookRow
  /** The host's own object. */
  event: object
  /** What the host tells: the event, or the `context` of an internal hook. */
  payload: object
  ctx: unknown
  ids: Ids
  /** Epoch milliseconds. */
  at: number
}

/** The host's configuration and machinery: full of secrets, and of nothing that happened. */
export const machinery: ReadonlySet<string> = new Set([
  'cfg',
  'config',
  'pluginConfig',
  'deps',
  'getCron',
  'abortSignal',
])

/** Undefined where there is no payload at all. */
export function readCall(call: HookCall, row: HookRow, directory: Directory, now: number): HostCall | undefined {
  const {event, ctx} = call
  if (typeof event !== 'object' || event === null) return undefined
  const context = row.kind === 'internal-hook' ? valueAt(event, 'context') : undefined
  const payload = typeof context === 'object' && context !== null ? context : row.kind === 'internal-hook' ? {} : event
  const at = hostTime(call.at, now)
  const ids = directory.learn(idsOf(row, event, payload, ctx))
  return {
    row,
    event,
    payload,
    ctx,
    ids,
    at: row.kind === 'internal-hook' ? hostTime(valueAt(event, 'timestamp'), at) : at,
  }
}

function idsOf({hook, kind}: HookRow, event: object, payload: object, ctx: unknown): Ids {
  // The gateway's own calls carry their name where others have a session key.
  if (hook.startsWith('gateway')) return {}
  const sources = kind === 'internal-hook' ? [payload, event] : [ctx, event]
  const isSubagent = hook.startsWith('subagent_')
  // There the event's agent is the child, and the parent is who asks for it.
  const agentId = isSubagent ? idAt(ctx, 'agentId') : firstId(sources, 'agentId')
  const parentKey = isSubagent ? firstId(sources, 'requesterSessionKey') : undefined
  return {
    agentId,
    sessionId: isSubagent ? idAt(ctx, 'sessionId') : firstId(sources, 'sessionId'),
    sessionKey: parentKey ?? (isSubagent ? idAt(ctx, 'sessionKey') : firstId(sources, 'sessionKey')),
    runId: isSubagent ? undefined : firstId(sources, 'runId'),
    toolCallId: firstId(sources, 'toolCallId'),
  }
}

const dayMs = 86_400_000

/** The host's time for something in epoch milliseconds; `now` where it has none that can be true. */
export function hostTime(value: unknown, now: number): number {
  const time =
    typeof value === 'number'
      ? value
      : value instanceof Date
        ? value.getTime()
        : typeof value === 'string'
          ? Date.parse(toTimestamp(value) ?? '')
          : Number.NaN
  return time <= now && time > now - dayMs ? time : now
}

/** Where an event came about, in the words of the host's context. */
const contextNames: Readonly<Record<string, string>> = {
  trigger: 'trigger',
  channel: 'channel',
  messageProvider: 'channel',
  channelId: 'channelId',
  accountId: 'accountId',
  conversationId: 'conversationId',
  chatId: 'chatId',
  senderId: 'senderId',
  senderIsOwner: 'senderIsOwner',
  requester: 'requester',
  inputProvenance: 'inputProvenance',
  trace: 'trace',
  jobId: 'jobId',
  modelId: 'model',
  modelProviderId: 'provider',
}

/** What the host's context says beside the ids; undefined where it says nothing. */
export function contextOf(ctx: unknown): Record<string, unknown> | undefined {
  if (typeof ctx !== 'object' || ctx === null) return undefined
  const found: Record<string, unknown> = {}
  for (const key of keysOf(ctx)) {
    const name = Object.hasOwn(contextNames, key) ? contextNames[key] : undefined
    if (name !== undefined) found[name] ??= snapshotOfValue(valueAt(ctx, key))
  }
  return present(found)
}
