import {errorOf} from '../event/dialects/payload.ts'
import type {RecentMap} from '../guard/recent-map.ts'
import {copyRedacted} from '../redact/copy.ts'
import {createRedactor, defaultReplacement} from '../redact/redact.ts'
import type {Calls} from './calls.ts'
import {answeredInFull, type Conversation, messageWritten} from './conversation.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present, valueAt} from './fields.ts'
import type {HeldTools} from './held-tools.ts'
import type {HookRow} from './hooks.ts'
import {contextOf, type HostCall, machinery} from './host-call.ts'
import type {Directory, KnownRun} from './memory.ts'
import {type Messages, messageEvent} from './message-hooks.ts'
import {outlineOf, promptChanges, wholeOf} from './outline.ts'
import {type Snapshot, snapshotOf} from './snapshot.ts'
import {subagentEvent} from './subagent-hooks.ts'
import {toolCalled, toolEnded, toolPersisted} from './tool-hooks.ts'

export interface Scene {
  directory: Directory
  calls: Calls
  held: HeldTools
  messages: Messages
  /** What was told of under an id. */
  told: RecentMap<true>
  conversation: Conversation
  /** Everything of prompts and messages, instead of sizes and counts. */
  keepsContent: boolean
}

type Reader = (scene: Scene, host: HostCall) => Draft[]

/** The events of one hook call, without ids and synthetic ones; none where it repeats what was told. */
export function readHook(scene: Scene, host: HostCall): Draft[] {
  const {hook, types} = host.row
  const reader = Object.hasOwn(readers, hook) ? readers[hook] : undefined
  if (reader !== undefined) return reader(scene, host)
  const type = types[0]!
  if (type.startsWith('message.'))
    return scene.messages.repeats(host, type) ? [] : [messageEvent(scene.directory, host, type)]
  return [eventOf(host, snapshotOf(host.payload, machinery))]
}

const readers: Readonly<Record<string, Reader>> = {
  before_tool_call: (scene, host) => toolCalled(scene, host),
  after_tool_call: (scene, host) => toolEnded(scene, host),
  tool_result_persist: (scene, host) => toolPersisted(scene, host),
  before_message_write: (scene, host) => messageWritten(scene.conversation, host),
  session_start: (scene, host) => [sessionEvent(scene, host)],
  session_end: (scene, host) => [sessionEvent(scene, host)],
  subagent_spawning: (scene, host) => [subagentEvent(scene.directory, host)],
  subagent_spawned: (scene, host) => once(scene, host, 'childSessionKey', () => subagentEvent(scene.directory, host)),
  subagent_ended: (scene, host) => once(scene, host, 'targetSessionKey', () => subagentEvent(scene.directory, host)),
  before_model_resolve: modelEvent,
  before_prompt_build: modelEvent,
  llm_input: modelEvent,
  llm_output: (scene, host) => [...modelEvent(scene, host), ...answeredInFull(scene.conversation, host)],
  agent_end: modelEvent,
  model_call_started: (scene, host) => once(scene, host, 'callId', () => modelCallEvent(scene, host)),
  model_call_ended: (scene, host) => once(scene, host, 'callId', () => modelCallEvent(scene, host)),
  before_compaction: modelEvent,
  after_compaction: modelEvent,
  before_reset: modelEvent,
  'agent:bootstrap': bootstrapEvent,
  'agent:error': (_scene, host) => [agentError(host)],
  channel_pairing_requested: (_scene, host) => [pairingEvent(host)],
  before_install: (_scene, host) => [installEvent(host)],
}

function eventOf({row, ids, ctx, at}: HostCall, taken: Snapshot, more?: Partial<Draft>): Draft {
  return {
    ...ids,
    type: row.types[0]!,
    eventName: row.hook,
    source: row.kind,
    at,
    data: taken.data,
    metadata: withCuts(contextOf(ctx), taken),
    ...more,
  }
}

function sessionEvent({directory}: Scene, host: HostCall): Draft {
  const {ids, row, payload, at} = host
  const {sessionKey, sessionId, agentId} = ids
  // The session's own id, not that of the one before it under the same key.
  const ownId = idAt(payload, 'sessionId') ?? sessionId
  const session = sessionKey === undefined ? undefined : directory.session(sessionKey)
  const startedAt = row.hook === 'session_end' ? session?.startedAt : undefined
  if (row.hook === 'session_start' && sessionKey !== undefined) directory.renew(sessionKey, ownId, at)
  const taken = snapshotOf(payload, machinery)
  const durationMs = startedAt === undefined ? undefined : at - startedAt
  const known = present({sessionId: ownId, sessionKey, agentId, durationMs})
  return eventOf(host, {...taken, data: {...known, ...taken.data}}, {sessionId: ownId, runId: undefined})
}

/** What happens once under one id and in one run, however often it is told. */
function once({told}: Scene, host: HostCall, idName: string, make: () => Draft): Draft[] {
  const id = idAt(host.payload, idName)
  const key = `${host.row.hook} ${id} ${idAt(host.payload, 'runId') ?? ''}`
  if (id !== undefined && told.peek(key) !== undefined) return []
  if (id !== undefined) told.put(key, true)
  return [make()]
}

function modelCallEvent({directory}: Scene, host: HostCall): Draft {
  learnModel(directory, host)
  return eventOf(host, snapshotOf(host.payload))
}

function learnModel(directory: Directory, {ids, payload, ctx}: HostCall): KnownRun | undefined {
  if (ids.runId === undefined) return undefined
  const run = directory.run(ids.runId)
  run.model = idAt(payload, 'model') ?? run.model
  run.provider = idAt(payload, 'provider') ?? run.provider
  run.channel ??= idAt(ctx, 'channel') ?? idAt(ctx, 'messageProvider')
  return run
}

/** Hooks that carry prompts, answers and whole conversations. */
function modelEvent({directory, keepsContent}: Scene, host: HostCall): Draft[] {
  const run = learnModel(directory, host)
  const taken = keepsContent ? wholeOf(host) : {data: outlineOf(host), cut: []}
  if (run !== undefined) {
    run.prompt ??= {}
    Object.assign(taken.data, promptChanges(host, run.prompt))
  }
  return [eventOf(host, taken)]
}

/** The files an agent starts with: their names and sizes, and their content where that is wanted. */
function bootstrapEvent({keepsContent}: Scene, host: HostCall): Draft[] {
  const taken = snapshotOf(host.payload, keepsContent ? machinery : machineryAndFiles)
  const files = valueAt(host.payload, 'bootstrapFiles')
  if (!keepsContent && Array.isArray(files)) taken.data['bootstrapFiles'] = files.slice(0, 1000).map(fileOutline)
  return [eventOf(host, taken)]
}

const machineryAndFiles: ReadonlySet<string> = new Set([...machinery, 'bootstrapFiles'])

function fileOutline(file: unknown): Record<string, unknown> {
  const content = valueAt(file, 'content')
  const missing = valueAt(file, 'missing')
  return {
    ...present({name: idAt(file, 'name'), path: idAt(file, 'path')}),
    ...(typeof missing === 'boolean' && {missing}),
    ...(typeof content === 'string' && {bytes: Buffer.byteLength(content)}),
  }
}

function agentError(host: HostCall): Draft {
  const taken = snapshotOf(host.payload, machinery)
  return eventOf(host, taken, {error: errorOf('agent.error', taken.data)})
}

/** The code lets whoever has it talk to the agent: it is a live credential, wherever in the event it stands. */
function pairingEvent(host: HostCall): Draft {
  const {data, cut} = snapshotOf(host.payload, machinery)
  const code = idAt(host.payload, 'code') ?? ''
  const text = (value: string) => (code.length < shortestCode ? value : value.replaceAll(code, defaultReplacement))
  const rules = {isHidden: (name: string) => name === 'code', text, replacement: defaultReplacement}
  return eventOf(host, {data: copyRedacted(data, rules) as Record<string, unknown>, cut})
}

/** A shorter one would be found in every other text. */
const shortestCode = 4

/** Addresses that plugins are installed from may have a password in them. */
function installEvent(host: HostCall): Draft {
  const {data, cut} = snapshotOf(host.payload, machinery)
  return eventOf(host, {data: createRedactor()(data), cut})
}

/** The row of a hook by its name and kind. */
export function rowsByName(tables: readonly (readonly HookRow[])[]): ReadonlyMap<string, HookRow> {
  return new Map(tables.flat().map((row) => [`${row.kind} ${row.hook}`, row]))
}
