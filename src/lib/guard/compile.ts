import {type CompiledRule, compileRule} from './compile-rule.ts'
import {createHide, type Hide} from './hide.ts'
import type {Policy} from './policy.ts'
import type {ActionConfig, GuardRule} from './schema.ts'
import {compileTemplate, type Template} from './template.ts'
import type {RateLimit, WhenContext} from './when-context.ts'

export interface CompiledPolicy {
  readonly enabled: boolean
  readonly dryRun: boolean
  readonly timeoutMs: number
  readonly onError: 'allow' | 'block'
  readonly backoffScope: 'tool' | 'tool_and_params'
  readonly retryBackoffMs: number
  readonly backoffReason: Template
  readonly approvalCacheTtlMs: number
  readonly stopOnMatchDefault: boolean
  /** Higher priority first, ties as written; rules that are switched off are left out. */
  readonly rules: readonly CompiledRule[]
  /** Those that a call of this tool can match, in the same order. */
  rulesFor(toolName: string): readonly CompiledRule[]
  readonly actions: Readonly<Record<string, ActionConfig>>
  readonly rates: readonly RateLimit[]
  readonly countsUsage: boolean
  readonly readsTime: boolean
  readonly hide: Hide
}

export interface CompileOptions extends Pick<WhenContext, 'compileShell' | 'redactedAs'> {
  /** Rules that were compiled before, for many policies that share them. Their rates are not counted again. */
  known?: WeakMap<GuardRule, CompiledRule>
}

const defaultBackoffReason = 'Retry blocked. Back off briefly before retrying this tool call.'

/** Compiles a policy that passed the schema. The result has no state: `GuardState` is passed to `judge`. */
export function compilePolicy({toolGuard, actions = {}}: Policy, options: CompileOptions = {}): CompiledPolicy {
  const rates: RateLimit[] = []
  const hide = createHide(toolGuard.redaction)
  const context = {...options, hide, actions, rates}
  const sorted = toolGuard.rules
    .filter((rule) => rule.enabled !== false)
    // The sort is stable: ties keep the order in which they were written.
    .toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0))
  const rules = sorted.map((rule) => options.known?.get(rule) ?? compileRule(rule, context))
  if (options.known !== undefined) for (const [index, rule] of sorted.entries()) options.known.set(rule, rules[index]!)
  const text = JSON.stringify(toolGuard.rules)
  return {
    enabled: toolGuard.enabled === true,
    dryRun: toolGuard.dryRun === true,
    timeoutMs: toolGuard.timeoutMs ?? 15_000,
    onError: toolGuard.onError ?? 'allow',
    backoffScope: toolGuard.scopeKeyBy ?? 'tool_and_params',
    retryBackoffMs: toolGuard.retryBackoffMs ?? 0,
    backoffReason: compileTemplate(toolGuard.retryBackoffReason ?? defaultBackoffReason, hide),
    approvalCacheTtlMs: toolGuard.approvalCacheTtlMs ?? 0,
    stopOnMatchDefault: toolGuard.stopOnMatchDefault ?? false,
    rules,
    rulesFor: byTool(rules),
    actions,
    rates,
    // A word that stands in a rule for another reason costs a little time and changes nothing.
    countsUsage: text.includes('"usage"'),
    readsTime: text.includes('timestamp'),
    hide,
  }
}

/** Sorts rules by the tools they name, so that a call is not asked for what it cannot match. */
function byTool(rules: readonly CompiledRule[]): (toolName: string) => readonly CompiledRule[] {
  const names = new Set(rules.flatMap(({tools}) => tools ?? []))
  const forAny = rules.filter(({tools}) => tools === undefined)
  const byName = new Map(
    Array.from(names, (name) => [name, rules.filter(({tools}) => tools === undefined || tools.includes(name))]),
  )
  return (toolName) => byName.get(toolName) ?? forAny
}
