import {checkConfig} from './checks.ts'
import {checkFilters} from './checks-filters.ts'
import {checkRules} from './checks-guard.ts'
import {addWebhooks, readEnvironment} from './environment.ts'
import {distinct, type Fault} from './faults.ts'
import {type Layer, mergeLayers, type Origins} from './layers.ts'
import {parseConfig} from './parse.ts'
import {remarks} from './remarks.ts'
import {replacedNotes} from './replaced.ts'
import type {Config} from './schema.ts'
import {readSources, type SourceOptions} from './sources.ts'
import {homeDirectory} from './state-dir.ts'

export interface LoadedConfig {
  /** Complete: where there is a fault, the default holds. */
  config: Config
  origins: Origins
  /** Everything that is wrong, at once (`configError` makes it an error; `isGuardFault` tells what blocks tools). */
  faults: Fault[]
  /** Remarks: keys that do nothing here, and what was probably not meant. */
  notes: string[]
  stateDir: string
  /** How long the host lets a before_tool_call hook take, where its configuration says so. */
  hookBudgetMs?: number
}

/**
 * Finds, merges and checks the whole configuration: `--config`, the plugin's entry in the host's file, config.yml,
 * each key from the first that has it; variables go before files (CLAW_EVENTS_* before EVENT_PLUGIN_*). Throws only
 * for a `--config` that is not there.
 */
export async function loadConfig(options: SourceOptions): Promise<LoadedConfig> {
  const sources = await readSources(options)
  const environment = options.only ? {layers: [], faults: [], notes: []} : readEnvironment(options.env)
  const files = sources.files.map(({name, values}): Layer => ({values, originOf: () => ({kind: 'file', name})}))
  const merged = mergeLayers([...environment.layers, ...files])
  if (!options.only) addWebhooks(merged, options.env)
  const {config, faults} = parseConfig(merged)
  const {stateDir, hookBudgetMs} = sources
  const context = {origins: merged.origins, stateDir, home: homeDirectory(options)}
  const deeper = [...checkRules(merged), ...(await checkFilters(merged)), ...(await checkConfig(config, context))]
  const origins = withoutPlaces(merged.origins, faults)
  return {
    config,
    origins,
    stateDir,
    hookBudgetMs,
    faults: distinct([...sources.faults, ...environment.faults, ...faults, ...deeper]),
    notes: [
      ...sources.notes,
      ...environment.notes,
      ...replacedNotes(merged.values),
      ...remarks(config, {origins, hookBudgetMs}),
    ],
  }
}

/** A value that was left out has the default's origin. */
function withoutPlaces(origins: Origins, faults: readonly Fault[]): Origins {
  const wrong = new Set(faults.map(({path}) => path))
  return new Map([...origins].filter(([place]) => !wrong.has(place)))
}
