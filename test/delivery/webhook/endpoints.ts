import type {ConfigInput} from '../../../src/lib/config/schema.ts'
import {configSchema} from '../../../src/lib/config/schema.ts'
import {compileOutgoing, type Outgoing} from '../../../src/lib/delivery/outgoing.ts'
import type {Sink} from '../../../src/lib/delivery/sink.ts'
import {createWebhookSinks, type WebhookParts} from '../../../src/lib/delivery/webhook/sinks.ts'
import type {StoredEvent} from '../../../src/lib/event/envelope.ts'
import {makeEvent} from '../../../src/lib/event/make.ts'

/** Retries at a pace for tests; the schema's least is slower. */
export const quickRetry = {maxAttempts: 3, initialDelayMs: 4, maxDelayMs: 40, backoffMultiplier: 2}

export interface SinkInput {
  webhooks: ConfigInput['webhooks']
  config?: Omit<ConfigInput, 'webhooks'>
  retry?: Partial<typeof quickRetry>
  parts?: Partial<WebhookParts>
  timeoutMs?: number
}

/** The sinks that a configuration makes, with quick retries. */
export async function sinksFor({webhooks, config, retry, parts, timeoutMs}: SinkInput): Promise<Sink[]> {
  const parsed = configSchema.parse({...config, webhooks})
  const outgoing: Outgoing[] = await Promise.all(
    parsed.webhooks.map(({filters: own, confidential}) =>
      compileOutgoing({filters: parsed.filters, redaction: parsed.redaction, own, confidential}),
    ),
  )
  const settings = {
    ...parsed,
    retry: {...quickRetry, ...retry},
    ...(timeoutMs !== undefined && {webhookTimeoutMs: timeoutMs}),
  }
  return createWebhookSinks(settings, {outgoing, random: () => 0.5, ...parts})
}

export async function sinkFor(
  url: string,
  endpoint: object = {},
  input: Omit<SinkInput, 'webhooks'> = {},
): Promise<Sink> {
  const [sink] = await sinksFor({...input, webhooks: [{url, name: 'test', ...endpoint}]})
  return sink!
}

/** Events `n0`, `n1`, … */
export function notes(count: number, from = 0) {
  return Array.from({length: count}, (_, index) => {
    const n = from + index
    return makeEvent({type: 'note.added', eventId: `n${n}`, agentId: 'main', source: 'cli', data: {n}})
  })
}

export function noteIds(count: number): string[] {
  return Array.from({length: count}, (_, n) => `n${n}`)
}

export function bodyOf({body}: {body: string}): StoredEvent {
  return JSON.parse(body) as StoredEvent
}
