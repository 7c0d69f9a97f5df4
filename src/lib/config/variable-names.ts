/** Variables with our prefix that are no keys of the configuration. */
export const reservedVariables = ['CLAW_EVENTS_STORE', 'CLAW_EVENTS_STATE', 'CLAW_EVENTS_CONFIG']

export const variablePrefix = 'CLAW_EVENTS_'

/** The environment variable of a key: `eventStore.retention.maxAge` is CLAW_EVENTS_EVENT_STORE_RETENTION_MAX_AGE. */
export function variableName(path: readonly string[]): string {
  return variablePrefix + path.map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_')
}
