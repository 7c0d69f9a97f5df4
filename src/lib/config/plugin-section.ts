import {type Fields, isFields, valueAt} from './key-path.ts'

/** Our part of a document, in the shape of a plugin configuration. */
export interface PluginSection {
  values: Fields
  /** What `plugins.entries[…].hooks` allows a hook to take, in milliseconds. */
  hookBudgetMs?: number
  notes: string[]
  /** Keys that stand where they cannot be meant, and where they belong. */
  misplaced?: Array<{key: string; belongs: string}>
}

const ours = 'claw-events'
const theirs = 'event-server-plugin'

/** What OpenClaw's own configuration file holds for us: the plugin's entry, or that of the plugin we replace. */
export function hostSection(document: unknown): PluginSection {
  const entries = valueAt(document, ['plugins', 'entries'])
  const [our, their] = [ours, theirs]
    .map((id) => valueAt(entries, [id]))
    .map((entry) => (isFields(entry) ? entry : undefined))
  const entry = our?.['config'] === undefined ? their : our
  const notes =
    isFields(our?.['config']) && isFields(their?.['config'])
      ? [`plugins.entries has a configuration for both ${ours} and ${theirs}: that of ${theirs} is not used`]
      : []
  return {values: asFields(entry?.['config']), hookBudgetMs: hookBudget(our ?? their), notes}
}

function hookBudget(entry: Fields | undefined): number | undefined {
  const budget = valueAt(entry, ['hooks', 'timeouts', 'before_tool_call']) ?? valueAt(entry, ['hooks', 'timeoutMs'])
  return typeof budget === 'number' ? budget : undefined
}

/** `gateway.eventStore` of a config.yml. */
export function gatewaySection(document: unknown): PluginSection {
  const eventStore = valueAt(document, ['gateway', 'eventStore'])
  return {values: eventStore === undefined ? {} : {eventStore}, notes: []}
}

const bridgeKeys = ['toolGuard', 'actions', 'allowedActionDirs', 'localScriptDefaults', 'runtime', 'telemetry']
const guardKeys = [
  'rules',
  'timeoutMs',
  'onError',
  'scopeKeyBy',
  'retryBackoffMs',
  'approvalCacheTtlMs',
  'stopOnMatchDefault',
]

/** Keys of a whole plugin configuration only. */
const wholeKeys = ['eventStore', 'hookBridge']

/**
 * What `--config` names: a plugin configuration, or a part of one by the keys it has (a hookBridge object or policy
 * bundle, a bare toolGuard object), or a whole openclaw.json or config.yml.
 */
export function anySection(document: unknown): PluginSection {
  if (!isFields(document)) return {values: {}, notes: []}
  const has = (keys: readonly string[]) => keys.some((key) => Object.hasOwn(document, key))
  if (has(['plugins', 'gateway'])) {
    const host = hostSection(document)
    return {...host, values: {...gatewaySection(document).values, ...host.values}}
  }
  if (has(wholeKeys)) return wholeSection(document, has(bridgeKeys))
  if (has(bridgeKeys)) return {values: {hookBridge: document}, notes: []}
  if (has(guardKeys)) return {values: {hookBridge: {toolGuard: document}}, notes: []}
  return {values: document, notes: []}
}

/** A whole configuration with keys of a part beside its own: a command that takes one of them must not lose the other. */
function wholeSection(document: Fields, isBridge: boolean): PluginSection {
  const parts = isBridge ? [...bridgeKeys, 'rules'] : guardKeys
  const place = isBridge ? 'hookBridge' : 'hookBridge.toolGuard'
  const isMisplaced = (key: string) => parts.includes(key)
  return {
    values: Object.fromEntries(Object.entries(document).filter(([key]) => !isMisplaced(key))),
    notes: [],
    misplaced: Object.keys(document)
      .filter(isMisplaced)
      .map((key) => ({key, belongs: `${place}.${key}`})),
  }
}

/** An empty entry says nothing; anything else that is no object is a mistake and is passed on to be reported. */
function asFields(value: unknown): Fields {
  return value === undefined || value === null ? {} : (value as Fields)
}
