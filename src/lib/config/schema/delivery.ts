import * as z from 'zod'
import {headers, webUrl} from '../../guard/schema-actions.ts'
import {checkedText, choice, decimal, flag, integer, list, name, section, text} from '../../guard/schema-forms.ts'
import {eventFilter, typeGlobs} from './event-filter.ts'

/** A text in which the empty one means that there is none, as in configurations of the event-server plugin. */
export const maybeText = () =>
  text()
    .transform((value) => value || undefined)
    .optional()

const signingForm = 'a secret such as "whsec_…", with 24 to 64 bytes in base64, or a list of such'

const signingSecret = checkedText(signingForm, (value) => {
  const bytes = /^whsec_([A-Za-z0-9+/]+={0,2})$/.test(value) ? Buffer.from(value.slice(6), 'base64').length : 0
  return bytes >= 24 && bytes <= 64
})

const webhook = section({
  url: webUrl().describe('Where events are sent'),
  name: name().optional().describe('What `deliveries` calls it; default: its host'),
  method: choice('POST', 'PUT', 'PATCH').default('POST'),
  headers: headers().default({}),
  authToken: maybeText().describe('Sent as `Authorization: Bearer`'),
  includeFullPayload: flag().default(true).describe('false: type and timestamp only'),
  secret: z
    .union([signingSecret, z.array(signingSecret).min(1, {error: signingForm})], {error: signingForm})
    .optional()
    .describe('Signs deliveries (Standard Webhooks); a list while secrets are changed, the newest first'),
  filters: section({...eventFilter, excludeTypes: typeGlobs().optional()})
    .optional()
    .describe('Only these events, on top of the filters for all'),
  ordered: flag().default(false).describe('One at a time, in log order'),
  allowPrivate: flag().default(false).describe('Allow a name that resolves to a loopback or private address'),
  confidential: flag().default(false).describe('Also confidential events'),
})

export const webhooks = list(webhook, 'a list of endpoints').default([])

export const filters = section({
  includeTypes: typeGlobs().default([]).describe('Only these types; empty: all'),
  excludeTypes: typeGlobs().default([]),
  channelId: maybeText(),
  toolName: maybeText(),
  sessionId: maybeText(),
})

export const retry = section({
  maxAttempts: integer(0, 10).default(3).describe('Attempts before a delivery is a dead letter; 0 counts as 1'),
  initialDelayMs: integer(100, 10_000).default(1000),
  maxDelayMs: integer(1000, 300_000).default(30_000),
  backoffMultiplier: decimal(1, 5).default(2),
})

export const queue = section({
  maxSize: integer(10, 10_000).default(1000).describe('Deliveries in flight, per endpoint'),
  flushIntervalMs: integer(0, 60_000).default(0).describe('The longest a batch waits for more events'),
  persistToDisk: flag().default(false).describe('Always so: the log is on disk'),
  persistPath: maybeText().describe('Not used'),
})

export const eventLog = section({
  enabled: flag().default(false).describe('Also write events to an NDJSON file'),
  path: name('a path').default('.event-server/events.ndjson').describe('Relative to the state directory'),
  maxFileSizeMb: integer(1, 1024).default(30).describe('Then a new file is begun'),
  keepFiles: integer(0, 1000).default(5).describe('Full files that are kept'),
  format: choice('full-json', 'summary').default('full-json'),
  minLevel: choice('debug', 'info', 'warn', 'error').default('debug').describe('Of runtime records'),
  includeRuntimeLogs: flag().default(true),
  confidential: flag().default(false).describe('Also confidential events'),
})

export type WebhookEndpoint = z.output<typeof webhook>
export type RetryPolicy = z.output<typeof retry>
export type EventLogSettings = z.output<typeof eventLog>
export type SinkFilters = z.output<typeof filters>
