import {describe, expect, it} from 'vitest'
import {variableKeys} from '../../src/lib/config/environment.ts'
import {eventPluginKeys} from '../../src/lib/config/event-plugin-variables.ts'
import {eventStoreKeys} from '../../src/lib/config/event-store-variables.ts'
import {valueAt} from '../../src/lib/config/key-path.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {configSchema} from '../../src/lib/config/schema.ts'
import {leavesOf} from '../../src/lib/config/schema-tree.ts'
import {fullConfig} from './full-config.ts'
import {hostFile, tempState} from './temp-state.ts'

// The files that the configuration names must be there.
const state = tempState({...hostFile(fullConfig), 'file.creds': '-', 'file.nk': '-', 'file-key.pem': '-'})
const leaves = leavesOf(configSchema).map(({path}) => path)

async function load(env: Record<string, string>) {
  const loaded = await loadConfig({state, env, home: '/home/nobody'})
  expect(loaded.faults).toEqual([])
  return loaded.config
}

/** The keys in which two configurations differ. */
function differences(a: unknown, b: unknown): string[] {
  const isSame = (path: readonly string[]) => JSON.stringify(valueAt(a, path)) === JSON.stringify(valueAt(b, path))
  return leaves.filter((path) => !isSame(path)).map((path) => path.join('.'))
}

/** Every variable of the event-server plugin but the two for webhooks: a text, the key it sets, the value it gives. */
const eventPluginCases: Array<[name: string, text: string, key: string, value: unknown]> = [
  ['ENABLED', 'TRUE', 'enabled', true],
  ['DEBUG', '0', 'logging.debug', false],
  ['INCLUDE_TYPES', 'tool.called, message.*', 'filters.includeTypes', ['tool.called', 'message.*']],
  ['EXCLUDE_TYPES', 'agent.status', 'filters.excludeTypes', ['agent.status']],
  ['WS_PORTS', '9101,9102', 'security.ws.ports', [9101, 9102]],
  ['DISABLE_WS', 'false', 'security.ws.enabled', true],
  ['WS_BIND_ADDRESS', '0.0.0.0', 'security.ws.bindAddress', '0.0.0.0'],
  ['WS_REQUIRE_AUTH', 'no', 'security.ws.requireAuth', false],
  ['WS_AUTH_TOKEN', 'from-env', 'security.ws.authToken', 'from-env'],
  [
    'WS_ALLOWED_ORIGINS',
    'https://a.example,https://b.example',
    'security.ws.allowedOrigins',
    ['https://a.example', 'https://b.example'],
  ],
  ['WS_ALLOWED_IPS', '127.0.0.1,::1', 'security.ws.allowedIps', ['127.0.0.1', '::1']],
  ['HMAC_ENABLED', 'False', 'security.hmac.enabled', false],
  ['HMAC_SECRET', 'from-env', 'security.hmac.secret', 'from-env'],
  ['HMAC_SECRET_FILE', '/etc/env.secret', 'security.hmac.secretFilePath', '/etc/env.secret'],
  ['HMAC_ALGORITHM', 'sha256', 'security.hmac.algorithm', 'sha256'],
  ['STATUS_WORKING_WINDOW_MS', '22222', 'status.workingWindowMs', 22_222],
  ['STATUS_SLEEPING_WINDOW_MS', '222222', 'status.sleepingWindowMs', 222_222],
  ['STATUS_TICK_INTERVAL_MS', '2222', 'status.tickIntervalMs', 2222],
  ['STATUS_SUBAGENT_IDLE_WINDOW_MS', '22222', 'status.subagentIdleWindowMs', 22_222],
  ['DISABLE_STATUS_TICKER', '0', 'status.ticker', true],
  ['REDACTION_ENABLED', 'no', 'redaction.enabled', false],
  ['REDACTION_REPLACEMENT', '[ENV]', 'redaction.replacement', '[ENV]'],
  ['REDACTION_FIELDS', 'a,b', 'redaction.fields', ['a', 'b']],
  ['EVENT_LOG_ENABLED', 'false', 'eventLog.enabled', false],
  ['EVENT_LOG_PATH', '/var/log/env.ndjson', 'eventLog.path', '/var/log/env.ndjson'],
  ['EVENT_LOG_MAX_FILE_MB', '22', 'eventLog.maxFileSizeMb', 22],
  ['EVENT_LOG_FORMAT', 'full-json', 'eventLog.format', 'full-json'],
  ['EVENT_LOG_MIN_LEVEL', 'warn', 'eventLog.minLevel', 'warn'],
  ['EVENT_LOG_RUNTIME', 'Yes', 'eventLog.includeRuntimeLogs', true],
  ['TOOL_GUARD_TRACE', 'false', 'hookBridge.toolGuard.trace', false],
  ['MODERN_LIFECYCLE_PAYLOAD_MODE', 'metadata', 'privacy.payloadMode', 'metadata'],
  ['RUNTIME_KIND_OVERRIDE', 'gateway', 'transport.runtimeKind', 'gateway'],
  ['TRANSPORT_MODE', 'owner', 'transport.mode', 'owner'],
  ['TRANSPORT_LOCK_PATH', 'env.lock', 'transport.lockPath', 'env.lock'],
  ['TRANSPORT_SOCKET_PATH', 'env.sock', 'transport.socketPath', 'env.sock'],
  ['TRANSPORT_LOCK_STALE_MS', '2222', 'transport.lockStaleMs', 2222],
  ['TRANSPORT_HEARTBEAT_MS', '2222', 'transport.heartbeatMs', 2222],
  ['TRANSPORT_RELAY_TIMEOUT_MS', '2222', 'transport.relayTimeoutMs', 2222],
  ['TRANSPORT_RECONNECT_BACKOFF_MS', '222', 'transport.reconnectBackoffMs', 222],
  ['TRANSPORT_MAX_PENDING_EVENTS', '222', 'transport.maxPendingEvents', 222],
  ['TRANSPORT_MAX_PAYLOAD_BYTES', '22222', 'transport.maxPayloadBytes', 22_222],
  ['TRANSPORT_AUTH_TOKEN', 'env-relay', 'transport.authToken', 'env-relay'],
  ['TRANSPORT_DEDUPE_TTL_MS', '2222', 'transport.dedupeTtlMs', 2222],
  ['TRANSPORT_SEMANTIC_DEDUPE_ENABLED', '1', 'transport.semanticDedupeEnabled', true],
]

describe('every EVENT_PLUGIN_* variable', () => {
  it('has a case below', () => {
    expect(eventPluginCases.map(([name]) => `EVENT_PLUGIN_${name}`).sort()).toEqual([...eventPluginKeys.keys()].sort())
  })

  it.each(eventPluginCases)('%s=%s sets %s and nothing else', async (name, text, key, value) => {
    const config = await load({[`EVENT_PLUGIN_${name}`]: text})
    expect(valueAt(config, key.split('.'))).toEqual(value)
    expect(differences(config, await load({}))).toEqual([key])
  })

  it('that is empty is not set', async () => {
    const empty = Object.fromEntries([...eventPluginKeys.keys()].map((name) => [name, '']))
    expect(differences(await load(empty), await load({}))).toEqual([])
  })
})

describe('EVENT_PLUGIN_WEBHOOKS', () => {
  it('adds endpoints to those of the file', async () => {
    const {webhooks} = await load({EVENT_PLUGIN_WEBHOOKS: 'https://a.example/x, https://b.example'})
    expect(webhooks.map(({url}) => url)).toEqual([
      'https://file.example/events',
      'https://a.example/x',
      'https://b.example',
    ])
  })

  it('gives its endpoints, and only those, the token of EVENT_PLUGIN_AUTH_TOKEN', async () => {
    const {webhooks} = await load({EVENT_PLUGIN_WEBHOOKS: 'https://a.example', EVENT_PLUGIN_AUTH_TOKEN: 'env-token'})
    expect(webhooks.map(({authToken}) => authToken)).toEqual(['file-webhook-token', 'env-token'])
  })

  it('changes no other key', async () => {
    const env = {EVENT_PLUGIN_WEBHOOKS: 'https://a.example', EVENT_PLUGIN_AUTH_TOKEN: 'env-token'}
    expect(differences(await load(env), await load({}))).toEqual(['webhooks'])
  })

  it('gives way to CLAW_EVENTS_WEBHOOKS, which replaces every endpoint', async () => {
    const own = JSON.stringify([{url: 'https://own.example'}])
    const {webhooks} = await load({EVENT_PLUGIN_WEBHOOKS: 'https://a.example', CLAW_EVENTS_WEBHOOKS: own})
    expect(webhooks.map(({url}) => url)).toEqual(['https://own.example'])
  })

  it('is missed by a token without endpoints, which is remarked on', async () => {
    const {notes} = await loadConfig({state: tempState(), env: {EVENT_PLUGIN_AUTH_TOKEN: 'env-token'}})
    expect(notes).toEqual(['EVENT_PLUGIN_AUTH_TOKEN is for EVENT_PLUGIN_WEBHOOKS, which names no endpoint'])
  })
})

/** The file has another value than the default for every key, so that the default shows; these have none to show. */
const valuesWithoutDefault: Record<string, unknown> = {
  'eventStore.url': 'nats://env.example:4222',
  'eventStore.streamName': 'env-events',
  'eventStore.subjectPrefix': 'env.events',
  'eventStore.retention.maxAge': '22d',
  'eventStore.retention.maxBytes': '22GB',
  'eventStore.credsFile': 'env.creds',
  'eventStore.nkeyFile': 'env.nk',
  'eventStore.tls.ca': 'env-ca.pem',
  'eventStore.tls.cert': 'env-cert.pem',
  'eventStore.tls.key': 'env-key.pem',
  'security.ws.authToken': 'env-token',
  'security.hmac.secret': 'env-secret',
  'filters.channelId': 'env-channel',
  'filters.toolName': 'env-tool',
  'filters.sessionId': 'env-session',
  'queue.persistPath': 'env-queue.json',
  'transport.lockPath': 'env.lock',
  'transport.socketPath': 'env.sock',
  'transport.authToken': 'env-relay-token',
  // A rule of the file names the action.
  'hookBridge.actions': {file: {type: 'webhook', url: 'https://env.example/hook'}},
}

describe('every CLAW_EVENTS_* variable', () => {
  const defaults = configSchema.parse({})
  const cases = [...variableKeys()].map(([name, {path}]) => [name, path] as const)

  it('names a key of its own', () => {
    expect(new Set(cases.map(([name]) => name)).size).toBe(leaves.length)
  })

  it.each(cases)('%s sets its key and nothing else', async (name, path) => {
    const value = valuesWithoutDefault[path.join('.')] ?? valueAt(defaults, path)
    const config = await load({[name]: typeof value === 'string' ? value : JSON.stringify(value)})
    expect(valueAt(config, path)).toEqual(value)
    expect(differences(config, await load({}))).toEqual([path.join('.')])
  })

  it('of the event store is known to commands that load no schema, as it is to the schema', () => {
    const known = [...variableKeys()].filter(([name]) => name.startsWith('CLAW_EVENTS_EVENT_STORE_'))
    expect(Object.fromEntries(eventStoreKeys)).toEqual(Object.fromEntries(known))
  })
})
