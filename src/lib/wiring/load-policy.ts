import path from 'node:path'
import {readDocument} from '../config/document.ts'
import {configError} from '../config/faults.ts'
import {hasReferences} from '../config/host-references.ts'
import {isFields} from '../config/key-path.ts'
import {anySection} from '../config/plugin-section.ts'
import {expandHome, homeDirectory, type StateOptions, stateDirectory} from '../config/state-dir.ts'
import {ClawError, Exit} from '../errors.ts'
import type {RunAction} from '../guard/action-port.ts'
import {type CompileOptions, compilePolicy} from '../guard/compile.ts'
import {redactionMark} from '../guard/hide.ts'
import {needsShell} from '../guard/needs-shell.ts'
import {isPlainPolicy} from '../guard/plain-policy.ts'
import type {Policy} from '../guard/policy.ts'
import type {ReplaySide} from '../guard/replay-run.ts'

export interface LoadedPolicy {
  policy: Policy
  compileOptions: CompileOptions
  /** The text that begins whatever redaction left in captured calls. */
  redactedAs: string
  /** What scripts may be and take; a policy without actions needs none. */
  scripts?: {allowedActionDirs: readonly string[]; localScriptDefaults: {timeoutMs: number; maxPayloadBytes: number}}
  stateDir: string
  notes: readonly string[]
}

/**
 * The policy in `config` alone (a toolGuard or hookBridge object, a plugin configuration, an openclaw.json, a bundle),
 * or the one that is in force. Throws CONFIG_INVALID with every fault, and where there is no policy at all.
 */
export async function loadPolicy({config, ...options}: StateOptions & {config?: string}): Promise<LoadedPolicy> {
  const plain = config === undefined ? undefined : await plainPolicy(config, options)
  return plain ?? checkedPolicy(config, options)
}

async function checkedPolicy(config: string | undefined, options: StateOptions): Promise<LoadedPolicy> {
  const {loadConfig} = await import('../config/load.ts')
  const loaded = await loadConfig({...options, config, only: config !== undefined})
  if (loaded.faults.length > 0) throw configError(loaded.faults)
  if (![...loaded.origins.keys()].some((path) => path.startsWith('hookBridge.toolGuard.'))) throw noPolicy(config)
  const {toolGuard, actions, allowedActionDirs, localScriptDefaults} = loaded.config.hookBridge
  const policy: Policy = {toolGuard, actions}
  return {
    policy,
    compileOptions: await compileOptionsFor(policy),
    redactedAs: redactionMark(loaded.config.redaction.replacement),
    scripts: {allowedActionDirs, localScriptDefaults},
    stateDir: loaded.stateDir,
    notes: loaded.notes,
  }
}

/** The policy of a file that holds nothing else and is surely in order: then the schema need not be loaded. */
async function plainPolicy(config: string, options: StateOptions): Promise<LoadedPolicy | undefined> {
  const {value} = await readDocument(path.resolve(expandHome(config, homeDirectory(options))), config)
  const {hookBridge, ...others} = anySection(value).values
  if (!isFields(hookBridge) || Object.keys(others).length > 0) return undefined
  const {toolGuard, ...rest} = hookBridge
  // In this order: only what is plain is surely not too deep to be made text of.
  if (Object.keys(rest).length > 0 || !isPlainPolicy(toolGuard) || hasReferences(value)) return undefined
  return {
    policy: {toolGuard},
    compileOptions: {},
    redactedAs: redactionMark(),
    stateDir: stateDirectory(options),
    notes: [],
  }
}

/** Compiles for replay. */
export function replaySide({policy, compileOptions, redactedAs}: LoadedPolicy): ReplaySide {
  const live = compilePolicy(policy, compileOptions)
  const compileRedacted = () => compilePolicy(policy, {...compileOptions, redactedAs})
  return {policy, compileOptions, compiled: {live, compileRedacted, redactedAs}}
}

/** What compiling needs besides the policy: the shell parser, where a rule asks for it. */
export async function compileOptionsFor(policy: Policy): Promise<CompileOptions> {
  if (!needsShell(policy)) return {}
  const {createShellCompiler} = await import('../guard/shell/compile-shell.ts')
  return {compileShell: createShellCompiler()}
}

/** Runs the policy's scripts and webhooks, with the limits that its configuration sets. */
export async function actionsOf(loaded: LoadedPolicy, environment: NodeJS.ProcessEnv): Promise<RunAction> {
  const {createActionRunner, guardActions} = await import('../actions/runner.ts')
  const {scripts = noScripts, stateDir, policy} = loaded
  return guardActions(createActionRunner({...scripts, stateDir, environment}), policy.actions ?? {})
}

const noScripts = {allowedActionDirs: [], localScriptDefaults: {timeoutMs: 10_000, maxPayloadBytes: 65_536}}

function noPolicy(config: string | undefined): ClawError {
  const where = config === undefined ? 'no toolGuard policy is configured' : `there is no toolGuard policy in ${config}`
  return new ClawError('CONFIG_INVALID', where, {
    exit: Exit.usage,
    suggestions: [
      config === undefined
        ? 'name a file with --config, for example one of examples/policies'
        : 'it takes a toolGuard object with "rules", a hookBridge object or bundle, a plugin configuration or an openclaw.json',
    ],
  })
}
