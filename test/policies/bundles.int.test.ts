import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import JSON5 from 'json5'
import {describe, expect, it} from 'vitest'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import {checkPolicy} from '../../src/lib/guard/check/check.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {judge} from '../../src/lib/guard/judge.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {loadPolicy} from '../../src/lib/wiring/load-policy.ts'
import {runCaseFiles} from '../../src/lib/wiring/run-cases.ts'

const folder = path.join(import.meta.dirname, '../../examples/policies')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.annotated.jsonc'))
  .map((file) => file.replace('.annotated.jsonc', ''))

describe('policy bundles', () => {
  it('are those that the docs describe', () => {
    expect(names.sort()).toEqual([
      'cost-guardrails',
      'network-egress',
      'self-protection',
      'shell-guard',
      'sudo-slack-approval-allow',
      'web-browse-human-approval',
      'web-browse-human-approval-native',
    ])
    const page = readFileSync(path.join(folder, '../../docs/policies.md'), 'utf8')
    for (const name of names) expect(page).toContain(`${name}.json`)
  })

  describe.each(names)('%s', (name) => {
    it('says the same with and without comments', () => {
      const annotated = JSON5.parse(readFileSync(path.join(folder, `${name}.annotated.jsonc`), 'utf8'))
      expect(JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'))).toEqual(annotated)
    })

    it('has nothing that toolguard check would find', async () => {
      const {policy} = await load(name)
      expect(checkPolicy(policy)).toEqual([])
    })

    it('does what its test cases say', async () => {
      const file = path.join(folder, `${name}.cases.json`)
      const [suite] = await runCaseFiles([file], () => load(name))
      expect(suite?.results.filter(({ok}) => !ok)).toEqual([])
      expect(suite?.results.length).toBeGreaterThan(3)
    })

    it('is on, fails closed and remembers no approval', async () => {
      const {toolGuard} = (await load(name)).policy
      expect(toolGuard).toMatchObject({enabled: true, dryRun: false, onError: 'block', approvalCacheTtlMs: 0})
      expect(toolGuard.rules.filter(({cooldownMs}) => cooldownMs !== undefined)).toEqual([])
    })
  })
})

describe('shell-guard', () => {
  it('blocks every evasive line and at most one in a hundred harmless ones', async () => {
    const verdictOf = await judging('shell-guard')
    const evasive = lines('evasive').filter(
      (line) => verdictOf({toolName: 'exec', params: {command: line}}) !== 'block',
    )
    expect(evasive).toEqual([])
    const harmless = lines('harmless')
    const blocked = harmless.filter((line) => verdictOf({toolName: 'exec', params: {command: line}}) !== 'allow')
    expect(blocked.length, JSON.stringify(blocked)).toBeLessThanOrEqual(harmless.length / 100)
  })
})

describe('sudo-slack-approval-allow', () => {
  it('asks about every evasive line with sudo, and about at most one in a hundred harmless ones', async () => {
    const verdictOf = await judging('sudo-slack-approval-allow')
    const exec = (line: string) => verdictOf({toolName: 'exec', params: {command: line}})
    expect(lines('evasive', 'sudo').filter((line) => exec(line) !== 'action')).toEqual([])
    const harmless = lines('harmless')
    const asked = harmless.filter((line) => exec(line) !== 'allow')
    expect(asked.length, JSON.stringify(asked)).toBeLessThanOrEqual(harmless.length / 100)
  })
})

describe('self-protection', () => {
  it('blocks every way to its own files and settings, and at most one in a hundred harmless lines', async () => {
    const verdictOf = await judging('self-protection')
    const exec = (line: string) => verdictOf({toolName: 'exec', params: {command: line}})
    expect(lines('own-policy').filter((line) => exec(line) !== 'block')).toEqual([])
    const harmless = lines('harmless')
    const blocked = harmless.filter((line) => exec(line) !== 'allow')
    expect(blocked.length, JSON.stringify(blocked)).toBeLessThanOrEqual(harmless.length / 100)
  })
})

describe('cost-guardrails', () => {
  it('lets a session make 1000 calls and no more, whatever another one does', async () => {
    const verdictOf = await judging('cost-guardrails')
    const call = {toolName: 'read', agentId: 'main'}
    const of = (sessionKey: string, count: number) =>
      Array.from({length: count}, () => verdictOf({...call, sessionKey}, 2000)).filter((verdict) => verdict === 'block')
    expect(of('s1', 1000)).toEqual([])
    expect(of('s2', 5)).toEqual([])
    expect(of('s1', 2)).toEqual(['block', 'block'])
    expect(of('s2', 5)).toEqual([])
  })
})

function load(name: string) {
  return loadPolicy({config: path.join(folder, `${name}.json`), env: {}})
}

/** Judges calls one after the other, each some milliseconds after the one before. */
async function judging(name: string): Promise<(call: ToolCall, afterMs?: number) => string> {
  const {policy, compileOptions} = await load(name)
  const compiled = compilePolicy(policy, compileOptions)
  const state = new GuardState()
  let now = 0
  return (call, afterMs = 60_000) => {
    now += afterMs
    return judge(compiled, state, call, {now}).verdict
  }
}

function lines(name: string, rule?: string): string[] {
  const file = path.join(import.meta.dirname, `../fixtures/shell/${name}.ndjson`)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((entry) => rule === undefined || entry.rule === rule)
    .map(({line}) => line)
}
