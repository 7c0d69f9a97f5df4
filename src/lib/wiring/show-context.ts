import {configError} from '../config/faults.ts'
import type {Config} from '../config/schema.ts'
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

/**
 * What is to be shown: a selection made now (its budget, unless it is given, as configured for the agent), or an
 * injection that an event recorded.
 */
export type Shown = (Omit<PreviewRequest, 'budget'> & {budget?: number}) | {agentId: string; injection: string}

/** Opens the log that the options name, and previews from it what the configuration would have the plugin inject. */
export async function showContext(options: ShowOptions, shown: Shown): Promise<Preview> {
  const {agentId} = shown
  const location = await storeSettings(options)
  const {context: settings, redaction} = await contextSettings(options)
  const context = await openContext(location, {
    agentId,
    stateDir: stateDirectory(options),
    replacement: redaction.replacement,
    confidential: settings.confidential,
    signal: options.signal,
    onProgress: options.onProgress,
  })
  const {store, index, tools} = context
  try {
    if (!('injection' in shown)) {
      return previewContext(index, {...shown, budget: shown.budget ?? budgetOf(settings, agentId)}, tools)
    }
    return previewInjection(index, await findInjection(store, shown), tools)
  } finally {
    await context.close()
  }
}

/** CONFIG_INVALID for faults in what a context is made by; faults elsewhere do not change what is shown. */
async function contextSettings(options: ShowOptions): Promise<Pick<Config, 'context' | 'redaction'>> {
  const {loadConfig} = await import('../config/load.ts')
  const {config, faults} = await loadConfig(options)
  const ours = faults.filter(({path}) => /^(context|redaction)\b/.test(path))
  if (ours.length > 0) throw configError(ours)
  return config
}

function budgetOf({agents, budget}: Config['context'], agentId: string): number {
  return (Object.hasOwn(agents, agentId) ? agents[agentId]?.budget : undefined) ?? budget
}

async function findInjection(store: EventStore, {agentId, injection}: {agentId: string; injection: string}) {
  for await (const event of store.read({types: ['context.injected'], agents: [agentId]}, {order: 'desc'})) {
    if (event.eventId === injection) return event
  }
  throw new ClawError('INPUT_INVALID', `no event ${injection} of agent ${agentId} records an injected context`, {
    suggestions: [`\`claw-events query --type context.injected --agent ${agentId}\` lists those that do`],
  })
}
