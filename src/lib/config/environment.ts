import {addedWebhooks, eventPluginVariables, webhooksVariable, webhookTokenVariable} from './event-plugin-variables.ts'
import type {Fault} from './faults.ts'
import {type Layer, type Merged, originAt} from './layers.ts'
import {configSchema} from './schema.ts'
import {leavesOf, variableKind} from './schema-tree.ts'
import type {Environment} from './state-dir.ts'
import {reservedVariables, variableName, variablePrefix} from './variable-names.ts'
import {readVariables, type VariableKey} from './variables.ts'

/** Every key of the configuration by the variable that sets it. */
export function variableKeys(): Map<string, VariableKey> {
  return new Map(
    leavesOf(configSchema).map(({path, schema}) => [variableName(path), {path, kind: variableKind(schema)}]),
  )
}

/** What the environment sets: our own variables first, then those of the event-server plugin. */
export function readEnvironment(env: Environment): {layers: Layer[]; faults: Fault[]; notes: string[]} {
  const own = readVariables(env, variablePrefix, {keys: variableKeys(), others: reservedVariables})
  const theirs = eventPluginVariables(env)
  return {
    layers: [own.layer, theirs.layer],
    faults: [...own.faults, ...theirs.faults],
    notes: addedWebhooks(env).notes,
  }
}

/** Adds the endpoints of EVENT_PLUGIN_WEBHOOKS to the list of the files; our own variable replaces them all. */
export function addWebhooks({values, origins}: Merged, env: Environment): void {
  const {webhooks} = addedWebhooks(env)
  const listed = values['webhooks'] ?? []
  const isReplaced = originAt(origins, ['webhooks'])?.name === variableName(['webhooks'])
  if (webhooks.length === 0 || isReplaced || !Array.isArray(listed)) return
  values['webhooks'] = [...listed, ...webhooks]
  for (const [index, {authToken}] of webhooks.entries()) {
    const place = `webhooks[${listed.length + index}]`
    origins.set(place, {kind: 'environment', name: webhooksVariable})
    if (authToken !== undefined) origins.set(`${place}.authToken`, {kind: 'environment', name: webhookTokenVariable})
  }
}
