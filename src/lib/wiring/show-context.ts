import {stateDirectory} from '../config/state-dir.ts'
import {type StoreOptions, storeSettings} from '../config/store-settings.ts'
import {type Preview, type PreviewRequest, previewContext, previewInjection} from '../context/preview.ts'
import {ClawError} from '../errors.ts'
import type {EventStore} from '../store/port.ts'
import {openContext} from './open-context.ts'

export interface ShowOptions extends StoreOptions {
  signal?: AbortSignal
  onProgress?: (done: number) => void
}

/** What is to be shown: a selection made now, or an injection that an event recorded. */
export type Shown = PreviewRequest | {agentId: string; injection: string}

/** Opens the log that the options name, and previews a context from it. */
export async function showContext(options: ShowOptions, shown: Shown): Promise<Preview> {
  const {agentId} = shown
  const context = await openContext(await storeSettings(options), {
    agentId,
    stateDir: stateDirectory(options),
    signal: options.signal,
    onProgress: options.onProgress,
  })
  const {store, index, tools} = context
  try {
    if (!('injection' in shown)) return previewContext(index, shown, tools)
    return previewInjection(index, await findInjection(store, shown), tools)
  } finally {
    await context.close()
  }
}

async function findInjection(store: EventStore, {agentId, injection}: {agentId: string; injection: string}) {
  for await (const event of store.read({types: ['context.injected'], agents: [agentId]}, {order: 'desc'})) {
    if (event.eventId === injection) return event
  }
  throw new ClawError('INPUT_INVALID', `no event ${injection} of agent ${agentId} records an injected context`, {
    suggestions: [`\`claw-events query --type context.injected --agent ${agentId}\` lists those that do`],
  })
}
