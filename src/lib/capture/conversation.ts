import {hash} from 'node:crypto'
import {RecentMap} from '../guard/recent-map.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present, valueAt} from './fields.ts'
import {contextOf, type HostCall, hostTime} from './host-call.ts'
import {type Directory, type KnownRun, memoryLimits} from './memory.ts'
import type {Replies} from './replies.ts'
import {snapshotOf, snapshotOfValue} from './snapshot.ts'

export interface Conversation {
  directory: Directory
  replies: Replies
  /** Messages that were written already: hosts write the same one twice. */
  seen: RecentMap<true>
}

export function createConversation(directory: Directory, replies: Replies): Conversation {
  return {directory, replies, seen: new RecentMap(memoryLimits.messages)}
}

/** A message on its way into the transcript: of a person to the model, or of the model. Tool results come by their hook. */
export function messageWritten(scene: Conversation, call: HostCall): Draft[] {
  const {ids} = call
  // The host does not say which run writes.
  const host = {...call, ids: {...ids, runId: ids.runId ?? scene.directory.currentRun(ids.sessionKey)}}
  const message = valueAt(host.payload, 'message')
  const role = valueAt(message, 'role')
  if (typeof message !== 'object' || message === null || (role !== 'user' && role !== 'assistant')) return []
  const text = textOf(valueAt(message, 'content'))
  const key = keyOf(host, message, text)
  if (key !== undefined) {
    if (scene.seen.peek(key)) return []
    scene.seen.put(key, true)
  }
  if (role === 'user') return [said(scene, host, message, text)]
  countUsage(scene, host, message)
  return text.trim() === '' ? [] : scene.replies.written({draft: answered(scene, host, message, text), text})
}

/** What two copies of one message have in common. Without any name for it, only the host's own object tells. */
function keyOf({ids}: HostCall, message: object, text: string): string | undefined {
  const place = ids.sessionKey ?? ''
  const name = idAt(message, 'idempotencyKey') ?? idAt(message, 'responseId')
  if (name !== undefined) return `${place} ${name} ${text.length}`
  const time = idAt(message, 'timestamp')
  return time === undefined ? undefined : `${place} ${time} ${hash('sha256', text)}`
}

/**
 * The run that a message to the model is for. Its key names the run, which begins later; but without a gateway the key
 * is no run's, and the one that goes on has no message yet.
 */
function runOf(directory: Directory, key: string | undefined, current: string | undefined): string | undefined {
  const named = key?.endsWith(':user') ? key.slice(0, -':user'.length) : undefined
  if (named === undefined || current === undefined || named === current) return named ?? current
  const {isStarted, isAsked} = directory.run(current)
  return isStarted && !isAsked ? current : named
}

function said({directory}: Conversation, host: HostCall, message: object, text: string): Draft {
  const {ids, at, row, ctx} = host
  const runId = runOf(directory, idAt(message, 'idempotencyKey'), ids.runId)
  if (runId !== undefined) directory.run(runId).isAsked = true
  const taken = snapshotOf(message, textOnly(valueAt(message, 'content')) ? contentField : undefined)
  const marks = valueAt(message, '__openclaw')
  const senderIsOwner = valueAt(marks, 'senderIsOwner') ?? valueAt(host.payload, 'senderIsOwner')
  return {
    ...directory.learn({...ids, runId}),
    type: 'conversation.message.in',
    eventName: row.hook,
    source: row.kind,
    at: hostTime(valueAt(message, 'timestamp'), at),
    data: {...taken.data, text},
    metadata: withCuts(
      present({...contextOf(ctx), senderIsOwner: typeof senderIsOwner === 'boolean' ? senderIsOwner : undefined}),
      taken,
    ),
  }
}

function answered({directory}: Conversation, {ids, at, row, ctx}: HostCall, message: object, text: string): Draft {
  const run = ids.runId === undefined ? undefined : directory.run(ids.runId)
  const names = ['api', 'responseId', 'stopReason', 'errorMessage']
  const told = Object.fromEntries(names.map((name) => [name, idAt(message, name)]))
  return {
    ...ids,
    type: 'conversation.message.out',
    eventName: row.hook,
    source: row.kind,
    at,
    data: {role: 'assistant', text},
    metadata: present({
      ...contextOf(ctx),
      ...told,
      model: idAt(message, 'model') ?? run?.model,
      provider: idAt(message, 'provider') ?? run?.provider,
      channel: run?.channel,
      usage: snapshotOfValue(valueAt(message, 'usage')),
    }),
  }
}

/** The texts of a run whose replies came by no other way. */
export function answeredInFull({directory}: Conversation, host: HostCall): Draft[] {
  const {ids, row, at} = host
  const run = ids.runId === undefined ? undefined : directory.run(ids.runId)
  const texts = valueAt(host.payload, 'assistantTexts')
  if (run === undefined || run.hasSpoken || !Array.isArray(texts)) return []
  const drafts = texts
    .filter((text) => typeof text === 'string' && text.trim() !== '')
    .map(
      (text: string): Draft => ({
        ...ids,
        type: 'conversation.message.out',
        eventName: row.hook,
        source: row.kind,
        at,
        data: {text},
        metadata: present({
          model: idAt(host.payload, 'model') ?? run.model,
          provider: idAt(host.payload, 'provider') ?? run.provider,
          channel: run.channel,
        }),
      }),
    )
  if (drafts.length > 0) run.hasSpoken = true
  return drafts
}

const contentField: ReadonlySet<string> = new Set(['content'])

function textOnly(content: unknown): boolean {
  if (typeof content === 'string') return true
  return Array.isArray(content) && content.every((block) => valueAt(block, 'type') === 'text')
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const texts = content.filter((block) => valueAt(block, 'type') === 'text').map((block) => valueAt(block, 'text'))
  return texts.filter((text) => typeof text === 'string').join('\n')
}

const counted = ['input', 'output', 'cacheRead', 'cacheWrite', 'totalTokens'] as const

/** Sums what the run used: `agent.llm_output` says it too, but not every operator allows that hook. */
function countUsage({directory}: Conversation, {ids}: HostCall, message: object): void {
  const usage = valueAt(message, 'usage')
  if (ids.runId === undefined || typeof usage !== 'object' || usage === null) return
  const run: KnownRun = directory.run(ids.runId)
  const sum: Record<string, number> = {...run.usage}
  for (const name of counted) {
    const value = valueAt(usage, name)
    if (typeof value === 'number') sum[name] = (sum[name] ?? 0) + value
  }
  run.usage = sum
}
