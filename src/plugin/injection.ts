import {complete} from '../lib/capture/draft.ts'
import type {LoadedConfig} from '../lib/config/load.ts'
import {injectionRecord} from '../lib/context/injection.ts'
import {selectContext} from '../lib/context/select.ts'
import type {Diagnostics} from '../lib/delivery/diagnostics.ts'
import {ClawError, messageOf} from '../lib/errors.ts'
import type {ClawEvent, Visibility} from '../lib/event/envelope.ts'
import type {ContextPool} from '../lib/wiring/context-pool.ts'
import type {Fields} from './host-api.ts'
import type {Recording} from './recording.ts'
import {readTurn, type Turn} from './turn.ts'

/** Adds to an agent's system prompt what it should remember. */
export interface Injection {
  /**
   * The text for this turn; undefined where there is none, or none within the deadline, which counts from `since`
   * (`performance.now()`). What was injected, and that nothing was in time, is recorded. Never rejects.
   */
  inject(event: Fields, ctx: Fields, since: number): Promise<{appendSystemContext: string} | undefined>
  /** Records that a turn went by before anything could be done for it. */
  missed(event: Fields, ctx: Fields, reason: string): void
  /** Gets ready in the background what the first turns need; from now on work may outlast the turn it was begun for. */
  warm(): void
  /** Resolves when no turn is under way; after that, work ends with the turn it was begun for again. */
  idle(): Promise<void>
}

export interface InjectionOptions {
  config: LoadedConfig['config']
  pool: ContextPool
  /** Ids of the agents that the host runs. */
  agents: readonly string[]
  visibilityOf: (event: ClawEvent) => Visibility
  /** Epoch milliseconds. */
  now: () => number
  diagnostics: Diagnostics
  recording: Recording
}

/** Agents whose read models of a log on a server are brought up to date before they are asked for. */
const mostWarmed = 16

/** Undefined where no agent is given context. */
export function createInjection(options: InjectionOptions): Injection | undefined {
  const {pool, agents, visibilityOf, now, diagnostics, recording} = options
  const {enabled, context} = options.config
  const settingsOf = (agentId: string) => {
    const own = Object.hasOwn(context.agents, agentId) ? context.agents[agentId] : undefined
    return {isOn: own?.enabled ?? context.enabled, budget: own?.budget ?? context.budget}
  }
  const isWanted = enabled && (context.enabled || Object.values(context.agents).some((agent) => agent.enabled))
  if (!isWanted) return undefined
  const {deadlineMs} = context
  const underWay = new Set<Promise<unknown>>()
  let mayOutlast = false

  function record({agentId, sessionId, sessionKey, runId}: Turn, type: string, data: Fields): void {
    const ids = {agentId, sessionId, sessionKey, runId}
    const draft = {...ids, type, eventName: 'before_prompt_build', source: 'synthetic' as const, at: now(), data}
    recording.record([complete(draft, {visibilityOf})])
  }

  function skip(turn: Turn, since: number, {reason, code}: {reason: string; code: string}): void {
    diagnostics.warn(`agent ${turn.agentId} goes on without its context: ${reason}`)
    record(turn, 'context.skipped', {reason, code, waitedMs: Math.round(performance.now() - since)})
  }

  function lateness(agentId: string): string {
    const before = pool.failure(agentId)
    return `it was not ready within ${deadlineMs} ms${before === undefined ? '' : ` (the attempt before: ${before})`}`
  }

  /** Selects and records, unless it is too late for either. */
  async function select(turn: Turn, deadline: Deadline): Promise<string | undefined> {
    const {agentId, prompt, seen} = turn
    const {index, tools} = await pool.fresh(agentId)
    deadline.assertAhead()
    const {budget} = settingsOf(agentId)
    const selected = index.read(agentId, (view) => selectContext(view, {atMs: now(), prompt, budget, seen}, tools))
    deadline.assertAhead()
    if (selected.text === '') return undefined
    record(turn, 'context.injected', {...injectionRecord(selected, {budget, counter: tools.counter.name})})
    return selected.text
  }

  async function injectWithin(turn: Turn, since: number): Promise<{appendSystemContext: string} | undefined> {
    const deadline = startDeadline(since + deadlineMs)
    try {
      const text = await Promise.race([select(turn, deadline), deadline.over])
      return text === undefined ? undefined : {appendSystemContext: text}
    } catch (error) {
      const code = error instanceof ClawError ? error.code : 'FAILED'
      const isLate = deadline.isOver()
      skip(turn, since, isLate ? {reason: lateness(turn.agentId), code: 'DEADLINE'} : {reason: messageOf(error), code})
      return undefined
    } finally {
      deadline.stop()
    }
  }

  return {
    async inject(event, ctx, since) {
      const turn = readTurn(event, ctx)
      if (turn === undefined || !settingsOf(turn.agentId).isOn) return undefined
      const injecting = injectWithin(turn, since)
      underWay.add(injecting)
      try {
        return await injecting
      } finally {
        underWay.delete(injecting)
        // A process that ends with its turn must not be kept alive.
        if (!mayOutlast && underWay.size === 0) void pool.close()
      }
    },
    missed(event, ctx, reason) {
      const turn = readTurn(event, ctx)
      if (turn === undefined || !settingsOf(turn.agentId).isOn) return
      skip(turn, performance.now(), {reason, code: 'DEADLINE'})
    },
    warm() {
      mayOutlast = true
      const wanted = [...new Set([...agents, ...Object.keys(context.agents)])].filter((id) => settingsOf(id).isOn)
      for (const agentId of wanted.slice(0, mostWarmed)) {
        pool.fresh(agentId).catch((error) => diagnostics.debug(`context of ${agentId}: ${messageOf(error)}`))
      }
    },
    async idle() {
      mayOutlast = false
      await Promise.all(underWay)
    },
  }
}

interface Deadline {
  /** Rejects when it is over. */
  over: Promise<never>
  isOver(): boolean
  /** Throws when it is over, also while its timer has not come to its turn. */
  assertAhead(): void
  stop(): void
}

function startDeadline(endsAt: number): Deadline {
  const {promise: over, reject} = Promise.withResolvers<never>()
  let hasRung = false
  const ring = () => {
    hasRung = true
    reject(new Error('the deadline is over'))
  }
  const timer = setTimeout(ring, Math.max(0, endsAt - performance.now()))
  const isOver = () => hasRung || performance.now() >= endsAt
  return {
    over,
    isOver,
    assertAhead() {
      if (isOver()) throw new Error('the deadline is over')
    },
    stop: () => clearTimeout(timer),
  }
}
