import {createHash} from 'node:crypto'
import {isIP} from 'node:net'
import {configError} from '../config/faults.ts'
import {type LoadedConfig, loadConfig} from '../config/load.ts'
import {type WebhookEndpoint, webhooks} from '../config/schema/delivery.ts'
import type {Config} from '../config/schema.ts'
import type {SourceOptions} from '../config/sources.ts'
import {compileOutgoing} from '../delivery/outgoing.ts'
import {ClawError, Exit, messageOf} from '../errors.ts'
import {bareHost, checkedLookup, checkUrl} from '../net/destination.ts'
import {HttpFault} from '../net/http-fault.ts'
import type {BridgeJudge} from '../replay/bridge-judge.ts'
import type {ReplayTarget} from '../replay/target.ts'
import type {BridgeTargetOptions} from '../replay/target-bridge.ts'
import type {Sift, WebhookTargetOptions} from '../replay/target-webhook.ts'
import type {EventStore} from '../store/port.ts'
import {compileOptionsFor} from './load-policy.ts'
import {noFilters, signerOf} from './open-sinks.ts'

export interface WebhookReplayOptions {
  url: string
  source: SourceOptions
  /** Name of the environment variable that holds the signing secret; default: the configured endpoint's. */
  secretEnv?: string
  /** Allow a name that resolves to a private address; else as the configured endpoint of the same URL says. */
  allowPrivate: boolean
  /** Epoch milliseconds. */
  now: () => number
}

export interface WebhookReplay {
  /** What the endpoint is called in files: its host and a digest of its URL, which may be a secret. */
  to: string
  sift: Sift
  open(options: Pick<WebhookTargetOptions, 'signal' | 'random' | 'onRetry'>): Promise<ReplayTarget>
}

/** What replays to a URL, by the configuration: USAGE or CONFIG_INVALID where that cannot be. Nothing is sent yet. */
export async function openWebhookReplay(options: WebhookReplayOptions): Promise<WebhookReplay> {
  const {url, source, now} = options
  const loaded = await loadUsable(source)
  const {filters, redaction, retry, webhookTimeoutMs: timeoutMs, correlationIdHeader} = loaded.config
  const endpoint = endpointFor(loaded.config, options)
  await assertReachable(endpoint)
  const {confidential, filters: own} = endpoint
  const {createSift, webhookTarget} = await import('../replay/target-webhook.ts')
  const sift = createSift(await compileOutgoing({filters, redaction, own, confidential}), {confidential})
  const signEvent = await signerOf({loaded, now})
  const digest = createHash('sha256').update(endpoint.url).digest('hex').slice(0, 8)
  return {
    to: `webhook ${new URL(url).host} ${digest}`,
    sift,
    open: (parts) => webhookTarget({...parts, endpoint, sift, retry, timeoutMs, correlationIdHeader, signEvent, now}),
  }
}

/** The configured endpoint of the same URL, or one with nothing but the URL. */
function endpointFor({webhooks: known}: Config, options: WebhookReplayOptions): WebhookEndpoint {
  const {url, allowPrivate, secretEnv, source} = options
  const wanted = URL.parse(url)?.href
  if (wanted === undefined) throw usage('--to holds a URL that cannot be read', 'write it as https://host/path')
  const configured = known.find((endpoint) => URL.parse(endpoint.url)?.href === wanted)
  const secret = secretEnv === undefined ? undefined : source.env[secretEnv]
  if (secretEnv !== undefined && !secret) {
    throw usage(`--secret-env names ${secretEnv}, which is not set`, `set ${secretEnv} to a secret such as "whsec_…"`)
  }
  const given = {url, ...configured, ...(secret && {secret}), ...(allowPrivate && {allowPrivate})}
  const {data, error} = webhooks.safeParse([given])
  if (data?.[0] !== undefined) return data[0]
  throw usage(
    secret === undefined
      ? `--to cannot be used: ${error?.issues[0]?.message}`
      : `${secretEnv} holds no signing secret: expected ${error?.issues[0]?.message}`,
    'a secret is "whsec_" and 24 to 64 bytes in base64; a URL has http:// or https://',
  )
}

/** Says before anything is sent that the address may not be connected to; each connection is checked anew. */
async function assertReachable(endpoint: WebhookEndpoint): Promise<void> {
  try {
    const host = bareHost(checkUrl(endpoint.url, endpoint))
    if (isIP(host) === 0) await assertName(host, endpoint)
  } catch (thrown) {
    const reason = messageOf(thrown).replace(/; set allowPrivate.*/, '')
    throw usage(`--to cannot be used: ${reason}`, 'add --allow-private if it is yours')
  }
}

/** A name that is not known now may be later: that is for the attempts to find out. */
function assertName(host: string, policy: WebhookEndpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    checkedLookup(policy)(host, {all: true}, (error) => {
      if (error instanceof HttpFault && error.kind === 'address') reject(error)
      else resolve()
    })
  })
}

export interface BridgeReplayOptions {
  source: SourceOptions
  /** The log that is replayed. */
  store: EventStore
  /** Actions are to be run. */
  isRun: boolean
  note(message: string): void
}

export interface BridgeReplay {
  to: string
  judge: BridgeJudge
  /** What running takes. */
  parts: Pick<BridgeTargetOptions, 'runtime' | 'outgoing' | 'runAction'>
}

/** The configured bridge, over replayed events. USAGE where it has no rules, or is not to run any action. */
export async function openBridgeReplay({source, store, isRun, note}: BridgeReplayOptions): Promise<BridgeReplay> {
  const loaded = await loadUsable(source)
  const {hookBridge: settings, redaction} = loaded.config
  if (settings.rules.length === 0)
    throw usage('no rules are configured for the bridge', 'set hookBridge.rules, or name a file with --config')
  if (isRun && settings.dryRun)
    throw usage(
      'hookBridge.dryRun is set, so no action may be run',
      'leave out --run-actions, or unset hookBridge.dryRun',
    )
  if (!settings.enabled) note('the bridge is switched off (hookBridge.enabled): this is what its rules say')
  const {createActionRunner} = await import('../actions/runner.ts')
  const {createBridgeJudge} = await import('../replay/bridge-judge.ts')
  const {allowedActionDirs, localScriptDefaults, runtime} = settings
  const outgoing = await compileOutgoing({filters: noFilters, redaction, confidential: false})
  const rules = settings.rules.map(({id, when}) => ({id, when}))
  const {compileShell} = await compileOptionsFor({toolGuard: {rules}})
  const {stateDir} = loaded
  const environment = {...source.env}
  return {
    to: isRun ? 'bridge, running actions' : 'bridge',
    judge: createBridgeJudge({settings, outgoing, store, compileShell}),
    parts: {
      runtime,
      outgoing,
      runAction: createActionRunner({allowedActionDirs, localScriptDefaults, stateDir, environment}),
    },
  }
}

async function loadUsable(source: SourceOptions): Promise<LoadedConfig> {
  const loaded = await loadConfig(source)
  if (loaded.faults.length > 0) throw configError(loaded.faults)
  return loaded
}

function usage(message: string, suggestion: string): ClawError {
  return new ClawError('USAGE', message, {exit: Exit.usage, suggestions: [suggestion]})
}
