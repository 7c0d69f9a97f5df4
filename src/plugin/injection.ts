import type {LoadedConfig} from '../lib/config/load.ts'
import {storeLocation} from '../lib/config/store-settings.ts'
import {injectionRecord} from '../lib/context/injection.ts'
import {selectContext} from '../lib/context/select.ts'
import type {Diagnostics} from '../lib/delivery/diagnostics.ts'
import {messageOf} from '../lib/errors.ts'
import {makeEvent} from '../lib/event/make.ts'
import {type OpenContext, openContext} from '../lib/wiring/open-context.ts'
import type {Fields} from './host-api.ts'
import type {Recording} from './recording.ts'

/** Adds to an agent's system prompt what it should remember. */
export interface Injection {
  /** The text for this turn; undefined where there is none, or none in time. Never rejects. */
  inject(event: Fields, ctx: Fields): Promise<{appendSystemContext: string} | undefined>
  close(): Promise<void>
}

export interface InjectionOptions {
  loaded: LoadedConfig
  now: () => number
  diagnostics: Diagnostics
  recording: Recording
}

/** While an index is brought up to date, the host's other work comes to its turn this often. */
const pieceMs = 4
/** Indexes that stay open; the one that was used longest ago is closed for a new one. */
const mostAgents = 32

interface Turn {
  agentId: string
  sessionId?: string
  sessionKey?: string
  runId?: string
  prompt?: string
}

/** Undefined where no agent is given context. */
export function createInjection({loaded, now, diagnostics, recording}: InjectionOptions): Injection | undefined {
  const {enabled, context, eventStore, redaction} = loaded.config
  const isWanted = enabled && (context.enabled || Object.values(context.agents).some((agent) => agent.enabled))
  if (!isWanted) return undefined
  const location = storeLocation(eventStore, {stateDir: loaded.stateDir})
  const open = new Map<string, Promise<OpenContext>>()

  async function contextOf(agentId: string): Promise<OpenContext> {
    const known = open.get(agentId) ?? openContext(location, optionsFor(agentId))
    open.delete(agentId)
    open.set(agentId, known)
    if (open.size > mostAgents) await closeAgent(open.keys().next().value!)
    try {
      return await known
    } catch (error) {
      open.delete(agentId)
      throw error
    }
  }

  const {confidential} = context
  const {replacement} = redaction
  const optionsFor = (agentId: string) => ({agentId, stateDir: loaded.stateDir, replacement, confidential})

  async function closeAgent(agentId: string): Promise<void> {
    const closing = open.get(agentId)
    open.delete(agentId)
    await closing?.then((opened) => opened.close()).catch(() => undefined)
  }

  async function select(turn: Turn, budget: number, signal: AbortSignal): Promise<string | undefined> {
    const opened = await contextOf(turn.agentId)
    await opened.refresh({signal, pieceMs})
    if (signal.aborted) return undefined
    const {index, tools} = opened
    const request = {atMs: now(), prompt: turn.prompt, budget, withoutSession: turn.sessionId ?? turn.sessionKey}
    const selected = index.read(turn.agentId, (view) => selectContext(view, request, tools))
    if (selected.text === '') return undefined
    const record = injectionRecord(selected, {budget, counter: tools.counter.name})
    recording.record([eventOf(turn, 'context.injected', {...record})])
    return selected.text
  }

  function eventOf({agentId, sessionId, sessionKey, runId}: Turn, type: string, data: Fields) {
    return makeEvent({type, agentId, sessionId, sessionKey, runId, source: 'synthetic', data, now: now()})
  }

  return {
    async inject(event, ctx) {
      const turn = turnOf(event, ctx)
      if (turn === undefined) return undefined
      const own = Object.hasOwn(context.agents, turn.agentId) ? context.agents[turn.agentId] : undefined
      if (!(own?.enabled ?? context.enabled)) return undefined
      const late = AbortSignal.timeout(context.deadlineMs)
      try {
        const text = await Promise.race([select(turn, own?.budget ?? context.budget, late), aborted(late)])
        return text === undefined ? undefined : {appendSystemContext: text}
      } catch (error) {
        const reason = late.aborted ? `it was not ready within ${context.deadlineMs} ms` : messageOf(error)
        diagnostics.warn(`agent ${turn.agentId} goes on without its context: ${reason}`)
        recording.record([eventOf(turn, 'context.skipped', {reason})])
        return undefined
      }
    },
    async close() {
      await Promise.all([...open.keys()].map(closeAgent))
    },
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true})
  })
}

function turnOf(event: Fields, ctx: Fields): Turn | undefined {
  const text = (name: string) => {
    const value = ctx[name] ?? event[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const agentId = text('agentId')
  if (agentId === undefined) return undefined
  return {
    agentId,
    sessionId: text('sessionId'),
    sessionKey: text('sessionKey'),
    runId: text('runId'),
    prompt: text('prompt'),
  }
}
