import {hash} from 'node:crypto'
import {isDeepStrictEqual} from 'node:util'
import {type Capture, createCapture} from '../lib/capture/capture.ts'
import {createRecorder, type Recorder} from '../lib/capture/recorder.ts'
import {compileVisibility} from '../lib/capture/visibility.ts'
import {formatFaults} from '../lib/config/faults.ts'
import {isFields, valueAt} from '../lib/config/key-path.ts'
import {type LoadedConfig, loadConfig} from '../lib/config/load.ts'
import type {Config} from '../lib/config/schema.ts'
import {eventsDbPath} from '../lib/config/state-dir.ts'
import {type SqliteLocation, storeLocation} from '../lib/config/store-settings.ts'
import type {Diagnostics} from '../lib/delivery/diagnostics.ts'
import {messageOf} from '../lib/errors.ts'
import {makeEvent} from '../lib/event/make.ts'
import {GuardState} from '../lib/guard/state.ts'
import {createRedactor, redactEvent} from '../lib/redact/redact.ts'
import {type ContextPool, createContextPool} from '../lib/wiring/context-pool.ts'
import {closedGuard, type LiveGuard, openLiveGuard} from '../lib/wiring/live-guard.ts'
import {openStore} from '../lib/wiring/open-store.ts'
import {createPluginDelivery, type PluginDelivery} from './delivery.ts'
import {createInjection, type Injection} from './injection.ts'
import {createOperator, type Operator} from './operator.ts'
import {createRecording, type Recording} from './recording.ts'

export interface LoadOptions {
  /** The host's whole configuration, as it handed it over. */
  host: unknown
  environment: NodeJS.ProcessEnv
  now: () => number
  diagnostics: Diagnostics
  /** What was in force so far: its memory and its open log go on. */
  before?: Parts
}

/** What the plugin is made of, by one configuration. */
export interface Parts {
  isEnabled: boolean
  loaded: LoadedConfig
  guard: LiveGuard
  guardState: GuardState
  capture: Capture
  captureSettings: CaptureSettings
  recorder: Recorder
  recording: Recording
  delivery: PluginDelivery
  contextPool: PoolWithSettings
  injection?: Injection
  operator: Operator
  location: SqliteLocation
}

interface PoolWithSettings {
  pool: ContextPool
  settings: object
}

type CaptureSettings = Pick<Config, 'capture' | 'status' | 'privacy' | 'visibility'> & {guardRedaction: object}

/** Reads the configuration and makes the parts; says every fault and remark in the host's log. */
export async function loadParts(options: LoadOptions): Promise<Parts> {
  const {environment, now, diagnostics, before} = options
  const {loaded, failure} = await read(options)
  if (loaded.faults.length > 0) diagnostics.error(`the configuration has faults\n${formatFaults(loaded.faults)}`)
  for (const note of loaded.notes) diagnostics.warn(note)
  const {config} = loaded
  const isEnabled = config.enabled
  const guardState = before?.guardState ?? new GuardState()
  const guard =
    failure === undefined
      ? await openLiveGuard({
          loaded,
          environment,
          now,
          budgetMs: loaded.hookBudgetMs ?? budgetOf(config),
          diagnostics,
          state: guardState,
        })
      : closedGuard(failure)
  if (guard.fault !== undefined) diagnostics.error(`every tool call is blocked: ${guard.fault}`)
  const location = embeddedLog(loaded)
  const {redaction: guardRedaction} = config.hookBridge.toolGuard
  const hideParams = guardRedaction.enabled ? createRedactor(guardRedaction) : undefined
  const compileWhere = visibilityUsesCel(config) ? (await import('../lib/filter/cel.ts')).compileCel : undefined
  const {capture: captureOptions, status, privacy, visibility} = config
  const captureSettings = {capture: captureOptions, status, privacy, visibility, guardRedaction}
  const keepsCapture = before !== undefined && isDeepStrictEqual(before.captureSettings, captureSettings)
  const capture = keepsCapture
    ? before.capture
    : createCapture({settings: captureSettings, now, hideParams, compileWhere})
  const recorder = await recorderFor(location, loaded, options)
  const recording = createRecording({
    capture,
    recorder,
    guard,
    isEnabled,
    strict: {isOn: captureOptions.strict, timeoutMs: captureOptions.strictTimeoutMs},
  })
  if (before === undefined && guard.enabled) await recountFrom(location, guard, diagnostics)
  if (before !== undefined) tellPolicyChange(before, loaded, recording, now)
  await before?.delivery.stop()
  const delivery = createPluginDelivery({loaded, environment, now, diagnostics, recording, location})
  const contextPool = contextPoolFor(loaded, before)
  const known = {
    isEnabled,
    loaded,
    guard,
    guardState,
    capture,
    captureSettings,
    recorder,
    recording,
    delivery,
    location,
    contextPool,
  }
  return {
    ...known,
    injection: createInjection({
      config,
      pool: contextPool.pool,
      agents: agentsOf(options.host),
      visibilityOf: compileVisibility(visibility, compileWhere),
      now,
      diagnostics,
      recording,
    }),
    operator: createOperator({...known, now}),
  }
}

/** A configuration that cannot even be read leaves the defaults for recording, and a guard that blocks. */
async function read({host, environment}: LoadOptions): Promise<{loaded: LoadedConfig; failure?: string}> {
  try {
    return {loaded: await loadConfig({env: environment, ...(host !== undefined && {host})})}
  } catch (error) {
    const {OPENCLAW_STATE_DIR, OPENCLAW_CONFIG_PATH, OPENCLAW_PROFILE, HOME} = environment
    const env = {OPENCLAW_STATE_DIR, OPENCLAW_CONFIG_PATH, OPENCLAW_PROFILE, HOME}
    return {loaded: await loadConfig({env, host: {}}), failure: messageOf(error)}
  }
}

/** The policy of a running gateway was edited: who reads the log later must know which one judged what. */
function tellPolicyChange(before: Parts, {config}: LoadedConfig, recording: Recording, now: () => number): void {
  const was = policyText(before.loaded.config)
  const is = policyText(config)
  if (was === is) return
  const data = {
    enabled: config.hookBridge.toolGuard.enabled,
    dryRun: config.hookBridge.toolGuard.dryRun,
    rules: config.hookBridge.toolGuard.rules.length,
    sha256: hash('sha256', is),
    before: hash('sha256', was),
  }
  recording.record([
    makeEvent({type: 'guard.policy_changed', agentId: 'system', source: 'synthetic', data, now: now()}),
  ])
}

function policyText({hookBridge: {toolGuard, actions}}: Config): string {
  return JSON.stringify({toolGuard, actions})
}

function visibilityUsesCel({visibility}: Config): boolean {
  return visibility.some(({where}) => where !== undefined)
}

/** What our registration asks the host for (`guardBudgetMs` of the runtime), less its margin. */
function budgetOf(config: Config): number {
  return Math.max(15_000, config.hookBridge.toolGuard.timeoutMs + 2000)
}

/** Events are always recorded here first; a server gets them from here (delivery/forward). */
function embeddedLog({config, stateDir}: LoadedConfig): SqliteLocation {
  const location = storeLocation(config.eventStore, {stateDir})
  if (location.kind === 'sqlite') return location
  return {kind: 'sqlite', path: eventsDbPath(stateDir), origin: 'default', retention: location.retention}
}

/** While an index is brought up to date, the host's other work comes to its turn this often. */
const pieceMs = 8

/** What is open stays open over a reload that does not change what it is made by. */
function contextPoolFor({config, stateDir}: LoadedConfig, before: Parts | undefined): PoolWithSettings {
  const {context, eventStore, redaction} = config
  const made = {stateDir, replacement: redaction.replacement, confidential: context.confidential, pieceMs}
  const settings = {...made, eventStore}
  if (before !== undefined && isDeepStrictEqual(before.contextPool.settings, settings)) return before.contextPool
  return {pool: createContextPool(storeLocation(eventStore, {stateDir}), made), settings}
}

/** The agents that the host runs, as far as its configuration says; without a word of them it runs `main`. */
function agentsOf(host: unknown): string[] {
  const entries = valueAt(host, ['agents', 'entries'])
  return ['main', ...(isFields(entries) ? Object.keys(entries) : [])]
}

async function recorderFor(location: SqliteLocation, {config}: LoadedConfig, options: LoadOptions): Promise<Recorder> {
  const {before, diagnostics, now} = options
  const atRest = config.redaction.atRest ? createRedactor(config.redaction) : undefined
  const isSame =
    before !== undefined &&
    before.location.path === location.path &&
    isDeepStrictEqual(before.loaded.config.redaction, config.redaction) &&
    before.loaded.config.capture.queueLimit === config.capture.queueLimit
  if (isSame) return before.recorder
  await before?.recorder.flush(1000)
  return createRecorder({
    openStore: () => openStore(location, {whenMissing: 'create'}),
    queueLimit: config.capture.queueLimit,
    diagnostics,
    now,
    ...(atRest && {prepare: (event) => redactEvent(event, atRest)}),
  })
}

async function recountFrom(location: SqliteLocation, guard: LiveGuard, diagnostics: Diagnostics): Promise<void> {
  try {
    const store = await openStore(location, {whenMissing: 'empty'})
    await guard.recount(store)
    await store.close()
  } catch (error) {
    diagnostics.warn(`usage before this start is not counted: ${messageOf(error)}`)
  }
}
