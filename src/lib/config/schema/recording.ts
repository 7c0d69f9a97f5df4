import type * as z from 'zod'
import {choice, flag, integer, list, name, named, section, text} from '../../guard/schema-forms.ts'
import {eventFilter} from './event-filter.ts'

/** How the host's hooks become events. */
export const capture = section({
  strict: flag().default(false).describe('A tool waits until its call is in the log, and is blocked when that fails'),
  strictTimeoutMs: integer(10, 15_000).default(1000).describe('The longest it waits'),
  deltas: choice('fold', 'keep').default('fold').describe('Streamed parts of a message: one final event, or each part'),
  queueLimit: integer(100, 1_000_000)
    .default(20_000)
    .describe('Events that may wait for the disk; beyond it the oldest go, and capture.dropped says how many'),
})

/** What an agent is told of its own past. */
export const context = section({
  enabled: flag().default(false).describe('Add it to the system prompt'),
  budget: integer(100, 200_000).default(2000).describe('Tokens, never more'),
  deadlineMs: integer(10, 10_000).default(500).describe('After this the turn goes on without'),
  confidential: flag().default(false).describe('Also from confidential events'),
  agents: named(
    section({enabled: flag().optional(), budget: integer(100, 200_000).optional()}),
    'an object of agent ids',
  )
    .default({})
    .describe('What differs for an agent, by id'),
})

/** Who may see an event; the first rule that matches sets it, else it is internal. */
export const visibility = list(
  section({...eventFilter, visibility: choice('internal', 'public', 'confidential')}),
  'a list of rules',
).default([])

export const status = section({
  workingWindowMs: integer(1000, 120_000).default(30_000).describe('Active within this: working'),
  sleepingWindowMs: integer(10_000, 86_400_000).default(600_000).describe('Quiet for longer than this: sleeping'),
  tickIntervalMs: integer(1000, 60_000).default(5000).describe('How often status is looked at without an event'),
  subagentIdleWindowMs: integer(10_000, 86_400_000).default(300_000).describe('Quiet for this long: subagent.idle'),
  ticker: flag().default(true).describe('false: status changes with events only'),
})

export const privacy = section({
  payloadMode: choice('metadata', 'full')
    .default('metadata')
    .describe('Of prompts and model calls: sizes and counts, or everything'),
})

/** The names of fields that the event-server plugin redacts when redaction is switched on. */
const redactedFields = [
  'content',
  'newContent',
  'originalContent',
  'transcript',
  'normalizedText',
  'params',
  'arguments',
  'token',
  'apiKey',
  'api_key',
  'authorization',
  'authToken',
  'password',
  'secret',
]

export const redaction = section({
  enabled: flag().default(false).describe('Redact what sinks deliver'),
  replacement: text().default('[REDACTED]'),
  fields: list(name('the name of a field'), 'a list of names of fields')
    .default(redactedFields)
    .describe('At any depth'),
  secrets: flag().default(true).describe('Also secrets inside texts, known by their shape'),
  atRest: flag()
    .default(false)
    .describe('Redact before the log: what was redacted can then not be judged by toolguard replay'),
})

export type VisibilityRule = z.output<typeof visibility>[number]
