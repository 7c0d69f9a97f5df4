import {readSecretFile} from '../config/secret-file.ts'
import {inStateDirectory} from '../config/state-dir.ts'
import type {Diagnostics} from '../delivery/diagnostics.ts'
import type {EventLogSink} from '../delivery/event-log/sink.ts'
import {createEventSigner} from '../delivery/event-signature.ts'
import {compileOutgoing, type Outgoing, type OwnFilter} from '../delivery/outgoing.ts'
import type {Sink} from '../delivery/sink.ts'
import type {StoredEvent} from '../event/envelope.ts'
import {createRedactor} from '../redact/redact.ts'
import {compileOptionsFor} from './load-policy.ts'
import {openForwardSinks} from './open-outbox.ts'
import {openAdmin} from './open-store.ts'
import type {SinkOptions} from './sink-options.ts'

export interface OpenSinks {
  sinks: Sink[]
  /** The same diagnostics, with a copy in the event log where that takes them. */
  diagnostics: Diagnostics
}

type Sign = ReturnType<typeof createEventSigner>

interface Parts extends SinkOptions {
  /** What leaves by a sink. */
  outgoingFor: (own: {filter?: OwnFilter; confidential: boolean; isFiltered?: boolean}) => Promise<Outgoing>
  /** The last thing that is done to an event: S3's signature, where it is asked for. */
  finish: (event: StoredEvent) => StoredEvent
  sign: Sign | undefined
}

/** Every sink that the configuration asks for; each loads its libraries only then. */
export async function openSinks(options: SinkOptions): Promise<OpenSinks> {
  const sign = await signerOf(options)
  const parts: Parts = {
    ...options,
    sign,
    finish: sign ?? ((event) => event),
    outgoingFor({filter, confidential, isFiltered = true}) {
      const {filters, redaction} = options.loaded.config
      return compileOutgoing({filters: isFiltered ? filters : noFilters, redaction, own: filter, confidential})
    },
  }
  const eventLog = await openEventLog(parts)
  const made = [
    await openWebSocket(parts),
    await openWebhooks(parts),
    eventLog === undefined ? [] : [eventLog],
    await openBridge(parts),
    await openForwardSinks(options),
  ]
  const delivering = made.flat()
  const sinks = [...delivering, ...(await openRetention(options, delivering))]
  return {sinks, diagnostics: eventLog?.tee(options.diagnostics) ?? options.diagnostics}
}

/** Of sinks whose own rules are their filter. */
export const noFilters = {
  includeTypes: [],
  excludeTypes: [],
  channelId: undefined,
  toolName: undefined,
  sessionId: undefined,
}

/** S3's signature for events that leave, where it is switched on. */
export async function signerOf({loaded, now}: Pick<SinkOptions, 'loaded' | 'now'>): Promise<Sign | undefined> {
  const {enabled, secret, secretFilePath, algorithm} = loaded.config.security.hmac
  if (!enabled) return undefined
  const key = secret ?? (await readSecretFile(inStateDirectory(loaded.stateDir, secretFilePath)))
  return createEventSigner({secret: key, algorithm, now})
}

async function openEventLog({loaded, outgoingFor, finish, now}: Parts): Promise<EventLogSink | undefined> {
  const {eventLog: settings, redaction} = loaded.config
  if (!settings.enabled) return undefined
  const {createEventLogSink} = await import('../delivery/event-log/sink.ts')
  return createEventLogSink({
    settings: {...settings, path: inStateDirectory(loaded.stateDir, settings.path)},
    outgoing: await outgoingFor({confidential: settings.confidential}),
    finish,
    redactText: redaction.enabled ? createRedactor(redaction) : (text) => text,
    now,
  })
}

async function openWebSocket({loaded, outgoingFor, finish}: Parts): Promise<Sink[]> {
  const settings = loaded.config.security.ws
  if (!settings.enabled) return []
  const {createWebSocketSink} = await import('../delivery/websocket/sink.ts')
  const outgoing = await outgoingFor({confidential: settings.confidential})
  return [createWebSocketSink({settings, outgoing, finish})]
}

async function openWebhooks({loaded, outgoingFor, sign}: Parts): Promise<Sink[]> {
  const {config} = loaded
  if (config.webhooks.length === 0) return []
  const {createWebhookSinks} = await import('../delivery/webhook/sinks.ts')
  const outgoing = await Promise.all(
    config.webhooks.map(({filters: filter, confidential}) => outgoingFor({filter, confidential})),
  )
  return createWebhookSinks(config, {
    outgoing,
    random: Math.random,
    signEvent: sign,
  })
}

/** A server keeps its limits by itself. */
async function openRetention({location}: SinkOptions, sinks: readonly Sink[]): Promise<Sink[]> {
  if (location.kind === 'nats') return []
  const {createRetention} = await import('../delivery/retention.ts')
  const readers = () => sinks.map(({reader}) => reader)
  return [createRetention({openAdmin: () => openAdmin(location), limits: location.retention, readers})]
}

/** The bridge's rules are its filter. */
async function openBridge({loaded, outgoingFor, environment}: Parts): Promise<Sink[]> {
  const {hookBridge: settings, retry} = loaded.config
  if (!settings.enabled || settings.rules.length === 0) return []
  const [{createBridgeSink}, {createActionRunner}] = await Promise.all([
    import('../delivery/bridge/sink.ts'),
    import('../actions/runner.ts'),
  ])
  const {allowedActionDirs, localScriptDefaults} = settings
  const run = createActionRunner({allowedActionDirs, localScriptDefaults, stateDir: loaded.stateDir, environment})
  const outgoing = await outgoingFor({confidential: false, isFiltered: false})
  const rules = settings.rules.map(({id, when}) => ({id, when}))
  const {compileShell} = await compileOptionsFor({toolGuard: {rules}})
  return [createBridgeSink({settings, retry, outgoing, run, compileShell, random: Math.random})]
}
