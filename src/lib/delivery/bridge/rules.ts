import type {BridgeRule, HookBridgeSettings} from '../../config/schema/hook-bridge.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {Yes} from '../../guard/condition.ts'
import {observe} from '../../guard/observe.ts'
import type {ActionConfig} from '../../guard/schema.ts'
import type {CompileShell} from '../../guard/shell-condition.ts'
import {GuardState} from '../../guard/state.ts'
import {countRates, countUsage} from '../../guard/usage-conditions.ts'
import {compileWhen} from '../../guard/when.ts'
import type {RateLimit} from '../../guard/when-context.ts'
import {compilePath, type Fields} from '../../match/paths.ts'

export interface CompiledBridgeRule {
  id: string
  actionId: string
  /** Undefined where the id names none: said when the rule matches. */
  action: ActionConfig | undefined
  cooldownMs: number
  coalesce?: {
    windowMs: number
    keeps: 'latest' | 'first'
    /** Events with the same key are merged; undefined for one that has none of the fields. */
    keyOf(event: Fields): string | undefined
  }
}

export interface CompiledBridge {
  rules: readonly CompiledBridgeRule[]
  /** The rules that an event matches, as written; every rule that matches starts its action. Counts rates and usage. */
  matching(event: StoredEvent, now: number): CompiledBridgeRule[]
}

export interface CompileBridgeOptions {
  /** The last known status of an agent. */
  statusOf: (agentId: string) => string | undefined
  compileShell?: CompileShell
}

const defaultWindowMs = 10_000
const defaultKeyFields = ['sessionKey', 'agentId', 'data.toolName', 'type']
/** What the envelope does not have is not looked for in `data`, where it may be somebody else's. */
const unset = {agentId: undefined, sessionId: undefined, sessionKey: undefined, runId: undefined, toolCallId: undefined}
const nothingExceeded: ReadonlySet<string> = new Set()

/** Compiles the rules of the bridge; those that are switched off are left out. */
export function compileBridge(settings: HookBridgeSettings, options: CompileBridgeOptions): CompiledBridge {
  const rates: RateLimit[] = []
  const state = new GuardState()
  const compiled = settings.rules
    .filter(({enabled}) => enabled !== false)
    .map((rule, index) => ({
      rule: compileRule(rule, settings.actions),
      // By place: two rules may have the same id, and a rate is counted by name.
      when: compileWhen(rule.when, {...options, ruleId: `${index}:${rule.id}`, rates}),
    }))
  const countsUsage = settings.rules.some(({when}) => JSON.stringify(when).includes('"usage"'))
  return {
    rules: compiled.map(({rule}) => rule),
    matching(event, now) {
      if (countsUsage) observe(state, event)
      const exceeded = rates.length === 0 ? nothingExceeded : new Set<string>()
      const subject = {
        event: {...unset, ...event},
        now,
        exceeded,
        used: countsUsage && event.type === 'tool.called' ? countUsage(callOf(event), state) : {},
        isLate: () => false,
        work: 0,
      }
      if (rates.length > 0) countRates(rates, subject, state, exceeded as Set<string>)
      return compiled.filter(({when}) => when.test(subject) === Yes).map(({rule}) => rule)
    },
  }
}

function callOf({agentId, sessionId, sessionKey, runId, data}: StoredEvent) {
  return {toolName: String(data['toolName']), agentId, sessionId, sessionKey, runId}
}

function compileRule(rule: BridgeRule, actions: HookBridgeSettings['actions']): CompiledBridgeRule {
  const {id, action: actionId, cooldownMs = 0, coalesce} = rule
  const action = Object.hasOwn(actions, actionId) ? actions[actionId] : undefined
  if (coalesce === undefined || coalesce.enabled === false) return {id, actionId, action, cooldownMs}
  const paths = (coalesce.keyFields ?? defaultKeyFields).map((path) => compilePath(path))
  return {
    id,
    actionId,
    action,
    cooldownMs,
    coalesce: {
      windowMs: coalesce.windowMs ?? defaultWindowMs,
      keeps: coalesce.strategy ?? 'latest',
      keyOf(event) {
        const values = paths.map((read) => read(event)).filter((value) => value !== undefined && value !== null)
        return values.length === 0 ? undefined : JSON.stringify(values)
      },
    },
  }
}
