import type * as z from 'zod'
import {toolGuard} from '../../guard/schema.ts'
import {action} from '../../guard/schema-actions.ts'
import {choice, decimal, flag, integer, list, name, named, section, text} from '../../guard/schema-forms.ts'
import {when} from '../../guard/schema-when.ts'

const coalesce = section({
  enabled: flag().optional(),
  keyFields: list(name('a path'), 'a list of paths')
    .optional()
    .describe('Events that agree in these are merged; default sessionKey, agentId, data.toolName, type'),
  windowMs: integer(1, 86_400_000).optional().describe('Default 10000'),
  strategy: choice('latest', 'first').optional().describe('Which event is kept; default latest'),
})

const bridgeRule = section({
  id: name(),
  description: text().optional(),
  enabled: flag().optional().describe('Default true'),
  when: when.describe('What it matches; {} matches every event'),
  action: name('the id of an action').describe('What it starts'),
  cooldownMs: integer(0, Number.MAX_SAFE_INTEGER).optional().describe('Do not start it again within this time'),
  coalesce: coalesce.optional().describe('Merge events that wait for the action'),
})

const runtime = section({
  maxPendingEvents: integer(1, 100_000).default(1000).describe('Actions that may wait'),
  concurrency: integer(1, 1024).default(8).describe('Actions that run at once'),
  dropPolicy: choice('drop_oldest', 'drop_newest').default('drop_oldest').describe('What goes when too many wait'),
})

const telemetry = section({
  highWatermarks: list(integer(1, 100), 'a list of percentages').default([70, 90, 100]),
  slowActionMs: integer(1, 600_000).default(2000),
  failureRateWindowMs: integer(1000, 3_600_000).default(60_000),
  failureRateThresholdPct: decimal(0, 100).default(20),
  failureRateMinSamples: integer(1, 100_000).default(10),
  saturationWindowMs: integer(100, 3_600_000).default(10_000),
})

/** Actions that start when an event matches, and the tool guard. */
export const hookBridge = section({
  enabled: flag().default(false).describe('Run rules; the tool guard has a switch of its own'),
  dryRun: flag().default(false).describe('Say what would have been started'),
  allowedActionDirs: list(name('a directory'), 'a list of directories')
    .default([])
    .describe('Scripts must lie in one of these; none: no scripts'),
  localScriptDefaults: section({
    timeoutMs: integer(1000, 120_000).default(10_000),
    maxPayloadBytes: integer(1024, 1_048_576).default(65_536),
  }).prefault({}),
  actions: named(action, 'an object of actions').default({}).describe('By the ids that rules name'),
  rules: list(bridgeRule, 'a list of rules').default([]),
  toolGuard: toolGuard.prefault({}),
  runtime: runtime.prefault({}),
  telemetry: telemetry.prefault({}).describe('When to warn'),
})

export type HookBridgeSettings = z.output<typeof hookBridge>
export type BridgeRule = z.output<typeof bridgeRule>
