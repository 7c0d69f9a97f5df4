import type {HookCall} from '../lib/capture/capture.ts'
import type {Diagnostics} from '../lib/delivery/diagnostics.ts'
import {messageOf} from '../lib/errors.ts'
import type {ToolCall} from '../lib/guard/call.ts'
import {answerOf, type HookAnswer} from './hook-answer.ts'
import type {Fields} from './host-api.ts'
import type {LoadOptions, Parts} from './load-parts.ts'

export interface Registration extends Pick<LoadOptions, 'host'> {
  /** The host's name for the manner of it. */
  mode: string
  diagnostics: Diagnostics
  /** What the host says of itself. */
  hostStateDir?: string
  hostVersion?: string
}

/** Everything of this process: one recorder, one guard, one set of sinks, whatever the host registers and reloads. */
export interface Runtime {
  /** Takes the configuration of a registration; the newest is in force as soon as it is read. */
  configure(registration: Registration): void
  /** Records one hook call. Never throws, never waits. */
  hook(call: HookCall): undefined
  agentEvent(payload: unknown): void
  /** Judges a call that is about to run. Never rejects, and answers before the host's patience ends. */
  guard(event: Fields, ctx: Fields): Promise<HookAnswer | undefined>
  /** What the agent is told of its past, at most within the configured deadline. Never rejects. */
  context(event: Fields, ctx: Fields): Promise<{appendSystemContext: string} | undefined>
  /** What one before_tool_call handler asks the host for, by its configuration as it stands. */
  guardBudgetMs(pluginConfig: unknown): number
  /** Runs sinks and the status ticker; the host calls it in its gateway only. */
  start(): Promise<void>
  /** Commits what was recorded and ends the sinks. Recording goes on: the host still tells of its end. */
  stop(): Promise<void>
  status(): Promise<Fields>
  statusText(): Promise<string>
  query(params: Fields): Promise<Fields>
  append(params: Fields): Promise<Fields>
}

export interface RuntimeOptions {
  /** Our release. */
  version: string
  environment: NodeJS.ProcessEnv
  /** Epoch milliseconds. */
  now: () => number
}

/** What the host told before the configuration was read. */
const earlyLimit = 10_000
const defaultBudgetMs = 15_000
/** How long a turn waits for the very first configuration: as long as for its context, unless that says otherwise. */
const firstLoadMs = 500
/** Beyond what the policy may take: for ourselves to answer before the host gives up. */
const budgetMarginMs = 2000

export function createRuntime({version, environment, now}: RuntimeOptions): Runtime {
  const early: Array<(parts: Parts) => void> = []
  let parts: Parts | undefined
  let loading: Promise<Parts | undefined> = Promise.resolve(undefined)
  let diagnostics: Diagnostics | undefined
  let isStarted = false
  let loads = 0
  let newestRegistration: Registration | undefined
  const registrations: Record<string, number> = {}

  function whenReady(work: (parts: Parts) => void): void {
    if (parts !== undefined) work(parts)
    else if (early.length < earlyLimit) early.push(work)
  }

  async function load({host, diagnostics: said}: Registration, before: Promise<unknown>): Promise<Parts | undefined> {
    await before
    try {
      const {loadParts} = await import('./load-parts.ts')
      const next = await loadParts({host, environment, now, diagnostics: said, before: parts})
      const previous = parts
      parts = next
      if (previous !== undefined && previous.contextPool !== next.contextPool) void releaseContext(previous)
      if (previous === undefined) for (const work of early.splice(0)) work(next)
      if (isStarted) {
        next.injection?.warm()
        await next.delivery.start()
        await tellPresence(next)
      }
      return next
    } catch (error) {
      said.error(`the configuration could not be used, so every tool call is blocked: ${messageOf(error)}`)
      return parts
    } finally {
      loads--
    }
  }

  /** The parts by the newest configuration; waits for it no longer than the guard may take, or `waitMs`. */
  async function newest(waitMs = defaultBudgetMs - budgetMarginMs): Promise<Parts | undefined> {
    if (loads === 0) return parts
    const {promise: tooLong, resolve} = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), waitMs)
    try {
      return await Promise.race([loading, tooLong])
    } finally {
      clearTimeout(timer)
    }
  }

  /** For `doctor`. Only a gateway tells: other processes load the plugin for a moment, to list it. */
  async function tellPresence({loaded, guard}: Parts): Promise<void> {
    const {toolGuard} = loaded.config.hookBridge
    const {hostStateDir, hostVersion} = newestRegistration ?? {}
    const {writePresence} = await import('../lib/doctor/presence.ts')
    await writePresence(loaded.stateDir, {
      pid: process.pid,
      loadedAt: new Date(now()).toISOString(),
      version,
      ...(hostStateDir !== undefined && {hostStateDir}),
      ...(hostVersion !== undefined && {hostVersion}),
      registrations: {...registrations},
      guard: {
        enabled: guard.enabled,
        dryRun: toolGuard.dryRun,
        rules: toolGuard.rules.length,
        ...(guard.fault !== undefined && {fault: guard.fault}),
      },
      faults: loaded.faults.length,
    }).catch((error) => diagnostics?.warn(`doctor cannot be told of this gateway: ${messageOf(error)}`))
  }

  async function ready(): Promise<Parts> {
    const current = await newest()
    if (current === undefined) throw new Error('the plugin could not be started: see the gateway log')
    return current
  }

  return {
    configure(registration) {
      diagnostics = registration.diagnostics
      newestRegistration = registration
      registrations[registration.mode] = (registrations[registration.mode] ?? 0) + 1
      loads++
      loading = load(registration, loading)
    },
    hook(call) {
      // What has to wait is dated by when it was told.
      const told = parts === undefined ? {...call, at: now()} : call
      whenReady(({recording}) => recording.hook(told))
      return undefined
    },
    agentEvent: (payload) => whenReady(({recording}) => recording.agentEvent(payload)),
    async guard(event, ctx) {
      try {
        const current = await newest()
        if (current === undefined) return blocked('its configuration could not be used')
        if (!current.isEnabled) return undefined
        return await judge(current, event, ctx)
      } catch (error) {
        diagnostics?.error(`a tool call was blocked, because judging it failed: ${messageOf(error)}`)
        return blocked('an internal error')
      }
    },
    async context(event, ctx) {
      const since = performance.now()
      try {
        // While a new configuration is read, the one before holds.
        const current = parts ?? (await newest(firstLoadMs))
        if (current !== undefined) return await current.injection?.inject(event, ctx, since)
        const reason = `the configuration was not read within ${firstLoadMs} ms`
        whenReady(({injection}) => injection?.missed(event, ctx, reason))
        return undefined
      } catch (error) {
        diagnostics?.warn(`no context was added: ${messageOf(error)}`)
        return undefined
      }
    },
    guardBudgetMs,
    async start() {
      isStarted = true
      const current = await newest()
      if (current === undefined) return
      current.injection?.warm()
      await current.delivery.start()
      await tellPresence(current)
    },
    async stop() {
      isStarted = false
      const current = await newest()
      await current?.delivery.stop()
      await current?.recording.flush()
      // A reload may have started it again meanwhile.
      if (current !== undefined && !isStarted) await releaseContext(current)
    },
    status: async () => (await ready()).operator.status(),
    statusText: async () => (await ready()).operator.statusText(),
    query: async (params) => (await ready()).operator.query(params),
    append: async (params) => (await ready()).operator.append(params),
  }
}

/** Turns that are under way keep what they work with to their end. */
async function releaseContext({injection, contextPool}: Parts): Promise<void> {
  await injection?.idle()
  await contextPool.pool.close()
}

/** Judges, records what was decided, and says it in the host's words. */
async function judge({guard, recording}: Parts, event: Fields, ctx: Fields): Promise<HookAnswer | undefined> {
  const call = callOf(event, ctx)
  const hookCall: HookCall = {hook: 'before_tool_call', event, ctx, kind: 'plugin-hook'}
  const decided = guard.judge(call)
  const verdict = decided instanceof Promise ? await decided : decided
  recording.verdict(hookCall, verdict)
  const unrecorded = await recording.strictly()
  if (unrecorded !== undefined)
    return blocked(`the call could not be recorded (${unrecorded}), and capture.strict is set`)
  return answerOf(verdict, {
    pinned: guard.pinsParams ? call.params : undefined,
    onResolution(decision) {
      const isApproved = decision.startsWith('allow')
      guard.answer(call, verdict, isApproved)
      recording.resolution(hookCall, verdict, decision)
    },
  })
}

interface LiveCall extends ToolCall {
  params: Fields
}

function callOf(event: Fields, ctx: Fields): LiveCall {
  const text = (name: string) => {
    const value = event[name] ?? ctx[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const {params} = event
  return {
    // Not a text: the engine blocks it and says so.
    toolName: event['toolName'] as string,
    params: typeof params === 'object' && params !== null ? (params as Fields) : {},
    agentId: text('agentId'),
    sessionId: text('sessionId'),
    sessionKey: text('sessionKey'),
    runId: text('runId'),
    toolCallId: text('toolCallId'),
  }
}

function blocked(why: string): HookAnswer {
  const reason = `The tool guard blocked this call: ${why}. The operator finds more in the gateway log.`
  return {block: true, blockReason: reason}
}

/** Read without the schema, since `register` is synchronous; a value that is wrong is a fault of the policy later. */
function guardBudgetMs(pluginConfig: unknown): number {
  const timeoutMs = ['hookBridge', 'toolGuard', 'timeoutMs'].reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    pluginConfig,
  )
  const wanted = typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : 0
  return Math.max(defaultBudgetMs, wanted + budgetMarginMs)
}
