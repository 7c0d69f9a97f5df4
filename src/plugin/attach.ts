import packageJson from '../../package.json' with {type: 'json'}
import {hookTable} from '../lib/capture/hooks.ts'
import {valueAt} from '../lib/config/key-path.ts'
import {hostDiagnostics} from './diagnostics.ts'
import type {Fields, HostApi} from './host-api.ts'
import {registerOperatorSurface} from './operator-surface.ts'
import {processRuntime} from './process-runtime.ts'
import {createRuntime, type Runtime} from './runtime.ts'

/** Before every other plugin, so that a call is recorded as the model made it, also when somebody blocks it. */
const first = 1_000_000
/** After every other plugin, so that nobody has the last word on a call that was judged. */
const last = -1_000_000

/**
 * Connects one registration to the process's runtime: all hooks in every mode, since the host takes the guard's from
 * a registration that is not the "full" one. Never throws into the host.
 */
export function attach(api: HostApi): void {
  const diagnostics = hostDiagnostics(api.logger)
  const runtime = processRuntime(() =>
    createRuntime({version: packageJson.version, environment: process.env, now: Date.now}),
  )
  runtime.configure({host: api.config, mode: api.registrationMode ?? 'unknown', diagnostics, ...hostFacts(api)})
  const guarded = (what: string, register: () => void) => {
    try {
      register()
    } catch (error) {
      diagnostics.warn(`${what} could not be registered: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const isAllowed = allowsConversation(api.config)
  for (const {hook, kind, needsConversationAccess} of hookTable) {
    // The host would only warn of each that it leaves out; `doctor` says it once, with what to do.
    if (needsConversationAccess && !isAllowed) continue
    guarded(hook, () => registerCapture(api, runtime, hook, kind))
  }
  guarded('the tool guard', () => registerGuard(api, runtime))
  if (isAllowed) guarded('context injection', () => registerContext(api, runtime))
  guarded('agent events', () => {
    const handle = (payload: unknown) => runtime.agentEvent(payload)
    api.agent?.events?.registerAgentEventSubscription?.({id: 'claw-events', handle})
  })
  guarded('the service', () => {
    api.registerService?.({id: 'claw-events', start: () => runtime.start(), stop: () => runtime.stop()})
  })
  registerOperatorSurface(api, runtime, guarded)
}

function allowsConversation(host: unknown): boolean {
  return valueAt(host, ['plugins', 'entries', 'claw-events', 'hooks', 'allowConversationAccess']) === true
}

/** In some modes the host throws when it is asked for these. */
function hostFacts(api: HostApi): {hostStateDir?: string; hostVersion?: string} {
  try {
    return {hostStateDir: api.runtime?.state?.resolveStateDir?.(), hostVersion: api.runtime?.version}
  } catch {
    return {}
  }
}

/** Handlers return nothing: what is recorded is never changed by it. */
function registerCapture(api: HostApi, runtime: Runtime, hook: string, kind: 'plugin-hook' | 'internal-hook'): void {
  if (kind === 'internal-hook') {
    const handler = (event: Fields) => runtime.hook({hook, event, ctx: {}, kind})
    api.registerHook?.(hook, handler, {name: `claw-events:${hook}`, description: `Records ${hook}`})
    return
  }
  api.on?.(hook, (event, ctx) => runtime.hook({hook, event, ctx: ctx ?? {}, kind}), {priority: first})
}

function registerGuard(api: HostApi, runtime: Runtime): void {
  api.on?.('before_tool_call', (event, ctx) => runtime.guard(event, ctx ?? {}), {
    priority: last,
    timeoutMs: runtime.guardBudgetMs(api.pluginConfig),
  })
}

function registerContext(api: HostApi, runtime: Runtime): void {
  api.on?.('before_prompt_build', (event, ctx) => runtime.context(event, ctx ?? {}), {priority: last})
}
