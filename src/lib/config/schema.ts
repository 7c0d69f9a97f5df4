import * as z from 'zod'
import {flag, integer, name, section} from '../guard/schema-forms.ts'
import {eventLog, filters, queue, retry, webhooks} from './schema/delivery.ts'
import {eventStore} from './schema/event-store.ts'
import {hookBridge} from './schema/hook-bridge.ts'
import {capture, context, privacy, redaction, status, visibility} from './schema/recording.ts'
import {security} from './schema/security.ts'
import {logging, transport} from './schema/transport.ts'

/**
 * The whole configuration: its type, its checks, its defaults, the plugin's JSON Schema and the documentation come
 * from here. Loaded by what needs all of it, never by commands that only open the store (store-settings.ts).
 */
export const configSchema = section({
  enabled: flag().default(true).describe('false: the plugin does nothing'),
  eventStore: eventStore.prefault({}),
  capture: capture.prefault({}),
  context: context.prefault({}),
  visibility: visibility.describe('Who may see an event; the first rule that matches, else internal'),
  status: status.prefault({}).describe('When an agent is working, idle or sleeping'),
  privacy: privacy.prefault({}),
  redaction: redaction.prefault({}),
  security: security.prefault({}),
  webhooks: webhooks.describe('Endpoints that events are sent to'),
  webhookTimeoutMs: integer(1000, 60_000).default(10_000).describe('The longest one attempt may take'),
  correlationIdHeader: name('the name of a header').default('X-Correlation-ID'),
  filters: filters.prefault({}).describe('What sinks deliver; everything is recorded all the same'),
  retry: retry.prefault({}).describe('When a delivery fails'),
  queue: queue.prefault({}),
  eventLog: eventLog.prefault({}).describe('Also write events to a file'),
  hookBridge: hookBridge.prefault({}),
  transport: transport.prefault({}),
  logging: logging.prefault({}),
})

export type Config = z.output<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>

/** The JSON Schema of what may be written, for the plugin's manifest. */
export function jsonSchema(): Record<string, unknown> {
  const {$schema: _dialect, ...schema} = z.toJSONSchema(configSchema, {io: 'input', target: 'draft-7'})
  return schema
}
