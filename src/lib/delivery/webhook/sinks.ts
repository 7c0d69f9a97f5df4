import type {Config} from '../../config/schema.ts'
import type {Outgoing} from '../outgoing.ts'
import type {Sink} from '../sink.ts'

import {endpointNames, webhookReader} from './names.ts'
import type {EndpointOptions} from './parts.ts'
import {createWebhookSink} from './sink.ts'

export type WebhookSettings = Pick<
  Config,
  'webhooks' | 'webhookTimeoutMs' | 'correlationIdHeader' | 'retry' | 'queue' | 'logging'
>

export interface WebhookParts extends Pick<EndpointOptions, 'signEvent' | 'resolve'> {
  /** What leaves for each endpoint of `webhooks`, in the same order. */
  outgoing: readonly Outgoing[]
  /** In [0, 1): spreads retries. */
  random: () => number
}

/** One sink for each endpoint, so that none waits for another. CONFIG_INVALID when two have the same name. */
export function createWebhookSinks(settings: WebhookSettings, {outgoing, ...parts}: WebhookParts): Sink[] {
  const names = endpointNames(settings.webhooks)
  return settings.webhooks.map((endpoint, index) =>
    createWebhookSink({
      reader: `${webhookReader}${names[index]}`,
      endpoint,
      settings,
      outgoing: outgoing[index]!,
      ...parts,
    }),
  )
}
