import type {Environment} from './state-dir.ts'
import type {VariableKind} from './variable-values.ts'
import {readVariables, type VariableKey} from './variables.ts'

type Row = readonly [name: string, key: string, kind: VariableKind, isNegated?: 'negated']

/** The variables of the event-server plugin, and the one key that each sets. */
const rows: readonly Row[] = [
  ['ENABLED', 'enabled', 'flag'],
  ['DEBUG', 'logging.debug', 'flag'],
  ['INCLUDE_TYPES', 'filters.includeTypes', 'texts'],
  ['EXCLUDE_TYPES', 'filters.excludeTypes', 'texts'],
  ['WS_PORTS', 'security.ws.ports', 'numbers'],
  ['DISABLE_WS', 'security.ws.enabled', 'flag', 'negated'],
  ['WS_BIND_ADDRESS', 'security.ws.bindAddress', 'text'],
  ['WS_REQUIRE_AUTH', 'security.ws.requireAuth', 'flag'],
  ['WS_AUTH_TOKEN', 'security.ws.authToken', 'text'],
  ['WS_ALLOWED_ORIGINS', 'security.ws.allowedOrigins', 'texts'],
  ['WS_ALLOWED_IPS', 'security.ws.allowedIps', 'texts'],
  ['HMAC_ENABLED', 'security.hmac.enabled', 'flag'],
  ['HMAC_SECRET', 'security.hmac.secret', 'text'],
  ['HMAC_SECRET_FILE', 'security.hmac.secretFilePath', 'text'],
  ['HMAC_ALGORITHM', 'security.hmac.algorithm', 'text'],
  ['STATUS_WORKING_WINDOW_MS', 'status.workingWindowMs', 'number'],
  ['STATUS_SLEEPING_WINDOW_MS', 'status.sleepingWindowMs', 'number'],
  ['STATUS_TICK_INTERVAL_MS', 'status.tickIntervalMs', 'number'],
  ['STATUS_SUBAGENT_IDLE_WINDOW_MS', 'status.subagentIdleWindowMs', 'number'],
  ['DISABLE_STATUS_TICKER', 'status.ticker', 'flag', 'negated'],
  ['REDACTION_ENABLED', 'redaction.enabled', 'flag'],
  ['REDACTION_REPLACEMENT', 'redaction.replacement', 'text'],
  ['REDACTION_FIELDS', 'redaction.fields', 'texts'],
  ['EVENT_LOG_ENABLED', 'eventLog.enabled', 'flag'],
  ['EVENT_LOG_PATH', 'eventLog.path', 'text'],
  ['EVENT_LOG_MAX_FILE_MB', 'eventLog.maxFileSizeMb', 'number'],
  ['EVENT_LOG_FORMAT', 'eventLog.format', 'text'],
  ['EVENT_LOG_MIN_LEVEL', 'eventLog.minLevel', 'text'],
  ['EVENT_LOG_RUNTIME', 'eventLog.includeRuntimeLogs', 'flag'],
  ['TOOL_GUARD_TRACE', 'hookBridge.toolGuard.trace', 'flag'],
  ['MODERN_LIFECYCLE_PAYLOAD_MODE', 'privacy.payloadMode', 'text'],
  ['RUNTIME_KIND_OVERRIDE', 'transport.runtimeKind', 'text'],
  ['TRANSPORT_MODE', 'transport.mode', 'text'],
  ['TRANSPORT_LOCK_PATH', 'transport.lockPath', 'text'],
  ['TRANSPORT_SOCKET_PATH', 'transport.socketPath', 'text'],
  ['TRANSPORT_LOCK_STALE_MS', 'transport.lockStaleMs', 'number'],
  ['TRANSPORT_HEARTBEAT_MS', 'transport.heartbeatMs', 'number'],
  ['TRANSPORT_RELAY_TIMEOUT_MS', 'transport.relayTimeoutMs', 'number'],
  ['TRANSPORT_RECONNECT_BACKOFF_MS', 'transport.reconnectBackoffMs', 'number'],
  ['TRANSPORT_MAX_PENDING_EVENTS', 'transport.maxPendingEvents', 'number'],
  ['TRANSPORT_MAX_PAYLOAD_BYTES', 'transport.maxPayloadBytes', 'number'],
  ['TRANSPORT_AUTH_TOKEN', 'transport.authToken', 'text'],
  ['TRANSPORT_DEDUPE_TTL_MS', 'transport.dedupeTtlMs', 'number'],
  ['TRANSPORT_SEMANTIC_DEDUPE_ENABLED', 'transport.semanticDedupeEnabled', 'flag'],
]

const prefix = 'EVENT_PLUGIN_'
export const webhooksVariable = 'EVENT_PLUGIN_WEBHOOKS'
export const webhookTokenVariable = 'EVENT_PLUGIN_AUTH_TOKEN'

export const eventPluginKeys: ReadonlyMap<string, VariableKey> = new Map(
  rows.map(([name, key, kind, negated]) => [
    prefix + name,
    {path: key.split('.'), kind, isNegated: negated === 'negated'},
  ]),
)

export function eventPluginVariables(env: Environment) {
  return readVariables(env, prefix, {keys: eventPluginKeys, others: [webhooksVariable, webhookTokenVariable]})
}

/** The endpoints that EVENT_PLUGIN_WEBHOOKS adds to those of the files, with the token that is theirs alone. */
export function addedWebhooks(env: Environment): {webhooks: Array<{url: string; authToken?: string}>; notes: string[]} {
  const urls = (env[webhooksVariable] ?? '').split(',').map((url) => url.trim())
  const authToken = env[webhookTokenVariable] || undefined
  const webhooks = urls.filter((url) => url !== '').map((url) => ({url, ...(authToken && {authToken})}))
  const isIdle = authToken !== undefined && webhooks.length === 0
  return {
    webhooks,
    notes: isIdle ? [`${webhookTokenVariable} is for ${webhooksVariable}, which names no endpoint`] : [],
  }
}
