import type {Environment} from './state-dir.ts'
import {variableName} from './variable-names.ts'
import type {VariableKind} from './variable-values.ts'
import {type ReadVariables, readVariables} from './variables.ts'

/** The keys of `eventStore` that a variable can set (a test holds them against the schema). */
const kinds: Readonly<Record<string, VariableKind>> = {
  enabled: 'flag',
  url: 'text',
  streamName: 'text',
  subjectPrefix: 'text',
  agents: 'json',
  'retention.maxAge': 'text',
  'retention.maxBytes': 'text',
  credsFile: 'text',
  nkeyFile: 'text',
  'tls.ca': 'text',
  'tls.cert': 'text',
  'tls.key': 'text',
}

/** CLAW_EVENTS_EVENT_STORE_*, told once more without zod: commands that only open the store start without it. */
export const eventStoreKeys = new Map(
  Object.entries(kinds).map(([key, kind]) => {
    const path = ['eventStore', ...key.split('.')]
    return [variableName(path), {path, kind}] as const
  }),
)

export function eventStoreVariables(env: Environment): ReadVariables {
  return readVariables(env, variableName(['eventStore', '']), {keys: eventStoreKeys})
}
