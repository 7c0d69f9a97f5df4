import * as z from 'zod'
import {choice, flag, integer, list, name, named, section, text} from './schema-forms.ts'
import {when} from './schema-when.ts'

export type {ActionConfig, ScriptAction, WebhookAction} from './schema-actions.ts'
export type {RateCondition, RuleWhen, ShellCondition, UsageCondition} from './schema-when.ts'

const ask = section({
  title: name().optional().describe('At most 80 characters reach the human; a template'),
  description: text().optional().describe('At most 512 characters reach the human; a template'),
  severity: choice('info', 'warning', 'critical').optional(),
  timeoutMs: integer(1000, 600_000).optional().describe('After this the call is blocked'),
})

const decision = section({
  block: flag().optional().describe('true blocks the call; false allows it, whatever rules stand below'),
  blockReason: text().optional().describe('What the agent is told; a template'),
  blockReasonTemplate: text().optional().describe('The same, and goes before blockReason'),
  params: named(z.unknown(), 'an object of parameters').optional().describe('Replaces these parameters of the call'),
  ask: ask.optional().describe("The host asks a human; {} takes the host's defaults"),
})

const rule = section({
  id: name().describe('Stands in events, traces and reasons; each id once'),
  description: text().optional().describe('For people: why the rule is there'),
  enabled: flag().optional().describe('Default true'),
  priority: integer(-1_000_000, 1_000_000).optional().describe('Higher comes first, ties as written; default 0'),
  when: when.describe('What it matches; {} matches every call'),
  action: text().optional().describe('The id of an action that decides'),
  decision: decision.optional().describe('A fixed decision; goes before the action'),
  stopOnMatch: flag().optional().describe('Look no further even if the action decides nothing'),
  cooldownMs: integer(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe("How long the action's answer is remembered: a refusal for the rule, an allow for the same call only"),
})

const secretKeys = ['token', 'authorization', 'apiKey', 'password', 'secret']

/** The policy: rules that judge a tool call before it runs. */
export const toolGuard = section({
  enabled: flag().default(false),
  dryRun: flag().default(false).describe('Say what would have happened, block nothing, run no action'),
  timeoutMs: integer(100, 120_000).default(15_000).describe('The longest an action may take to decide'),
  onError: choice('allow', 'block').default('allow').describe('What an action that fails or is late means'),
  scopeKeyBy: choice('tool', 'tool_and_params')
    .default('tool_and_params')
    .describe('What counts as the same call again, within one agent and session'),
  retryBackoffMs: integer(0, 3_600_000).default(0).describe('After a block the same call is blocked this long; 0: off'),
  retryBackoffReason: text()
    .default('Retry blocked. Back off briefly before retrying this tool call.')
    .describe('A template; {{retryBackoffRemainingMs}} is what is left'),
  approvalCacheTtlMs: integer(0, 86_400_000).default(0).describe('After an allow the same call is allowed; 0: off'),
  stopOnMatchDefault: flag().default(false),
  pinParams: flag()
    .default(true)
    .describe('What was judged is what runs: changes that other plugins make to a judged call do not take effect'),
  trace: flag().default(false).describe('Log every step of every judgement'),
  redaction: section({
    enabled: flag().default(false),
    replacement: text().default('[REDACTED]'),
    fields: list(name(), 'a list of names of fields').default(secretKeys),
  })
    .prefault({})
    .describe('Of data.params in tool.guard.* events'),
  rules: list(rule, 'a list of rules').default([]),
})

export type GuardRule = z.output<typeof rule>
export type GuardDecision = z.output<typeof decision>

type EveryKey = z.output<typeof toolGuard>

/** A policy as the engine takes it: what is not there has the schema's default. */
export type ToolGuardConfig = Partial<EveryKey> & Pick<EveryKey, 'rules'>
