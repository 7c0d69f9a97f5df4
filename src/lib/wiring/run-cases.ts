import {checkRules} from '../config/checks-guard.ts'
import {readDocument} from '../config/document.ts'
import {configError} from '../config/faults.ts'
import {mergeLayers} from '../config/layers.ts'
import {parseConfig} from '../config/parse.ts'
import {ClawError, Exit} from '../errors.ts'
import {type CaseResult, type GuardCase, runCase} from '../guard/cases.ts'
import {type CompiledPolicy, compilePolicy} from '../guard/compile.ts'
import type {Policy} from '../guard/policy.ts'
import {readCases} from '../guard/read-cases.ts'
import {compileOptionsFor, type LoadedPolicy} from './load-policy.ts'

export interface CaseSuite {
  name: string
  results: CaseResult[]
}

/**
 * Runs the cases of files against a policy, which is loaded only when a case has no rules of its own. Throws
 * INPUT_INVALID with every fault of a file, CONFIG_INVALID for rules that cannot be used.
 */
export async function runCaseFiles(files: readonly string[], load: () => Promise<LoadedPolicy>): Promise<CaseSuite[]> {
  let common: CompiledPolicy | undefined
  const commonPolicy = async () => {
    const {policy, compileOptions} = await load()
    return compilePolicy(policy, compileOptions)
  }
  const suites: CaseSuite[] = []
  for (const file of files) {
    const results: CaseResult[] = []
    for (const [index, one] of (await casesIn(file)).entries()) {
      if (one.rules === undefined) common ??= await commonPolicy()
      const policy = one.rules === undefined ? common! : await ownPolicy(one, `${file}[${index}]`)
      results.push(runCase(one, policy))
    }
    suites.push({name: file, results})
  }
  return suites
}

async function casesIn(file: string): Promise<GuardCase[]> {
  const {value, fault} = await readDocument(file, file)
  if (fault !== undefined || value === undefined) {
    throw new ClawError('INPUT_UNREADABLE', `cannot read cases from ${file}: ${fault?.found ?? 'no such file'}`, {
      exit: Exit.usage,
      suggestions: ['name a JSON, JSON5 or YAML file that exists and may be read'],
    })
  }
  const {cases, faults} = readCases(value)
  if (faults.length === 0) return cases
  const lines = faults.map(({path, expected}) => `${file}${path}: expected ${expected}`)
  throw new ClawError('INPUT_INVALID', `the cases cannot be run\n${lines.join('\n')}`, {
    exit: Exit.usage,
    suggestions: ['a case is {"note": "…", "call": {"toolName": "exec", "params": {…}}, "want": "block"}'],
  })
}

/** The rules that a case brings along, with the actions it answers for. */
async function ownPolicy({rules, answers}: GuardCase, name: string): Promise<CompiledPolicy> {
  const actions = Object.fromEntries(Object.keys(answers).map((id) => [id, {type: 'local_script', path: id}]))
  const values = {hookBridge: {toolGuard: {enabled: true, rules}, actions}}
  const merged = mergeLayers([{values, originOf: () => ({kind: 'file', name})}])
  const {config, faults} = parseConfig(merged)
  const all = [...faults, ...checkRules(merged)]
  if (all.length > 0) throw configError(all)
  const policy: Policy = {toolGuard: config.hookBridge.toolGuard, actions: config.hookBridge.actions}
  return compilePolicy(policy, await compileOptionsFor(policy))
}
