import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {compilePolicy} from '../src/lib/guard/compile.ts'
import {judge} from '../src/lib/guard/judge.ts'
import type {GuardRule} from '../src/lib/guard/schema.ts'
import {GuardState} from '../src/lib/guard/state.ts'
import {type BenchRow, median} from './harness.ts'
import {slowestMadeLine} from './hostile-lines.ts'

const callCount = 100_000
/** What is expected of the fixed work: every 30th call holds HIT. */
const expectedBlocks = 3334

/**
 * The guard on fixed work: 21 rules of mixed matchers, 100 000 calls. The limits are aims in absolute figures; the
 * event-server plugin judges the same calls at 77-93 k/s and replays them in 1.1-1.4 s on two cores.
 */
export async function guard(): Promise<BenchRow[]> {
  return [await inProcess(), slowestDecision(), await slowestMadeLine(), ...(await wholeReplay())]
}

async function inProcess(): Promise<BenchRow> {
  const policy = compilePolicy({toolGuard: {enabled: true, rules: benchRules()}})
  const calls = Array.from({length: callCount}, (_, index) => benchCall(index))
  const rate = await median(11, () => {
    const state = new GuardState()
    const started = performance.now()
    let blocks = 0
    for (const call of calls) if (judge(policy, state, call, {now: 1}).verdict === 'block') blocks++
    const perSecond = (callCount / (performance.now() - started)) * 1000
    if (blocks !== expectedBlocks) throw new Error(`${blocks} calls were blocked, expected ${expectedBlocks}`)
    return perSecond
  })
  return {
    claim: 'guard, 21 rules, in process, no trace',
    ours: rate,
    peer: 1_200_000,
    peerName: 'aim',
    unit: 'calls/s',
    aim: {atLeast: 1},
  }
}

/** The 99th percentile of single decisions with 1 000 rules for the same tool, each with a pattern. */
function slowestDecision(): BenchRow {
  const rules: GuardRule[] = Array.from({length: 1000}, (_, index) => ({
    id: `r${index}`,
    when: {toolName: 'exec', matchesRegex: {'data.params.command': `(^|\\s)tool${index}\\s+(--force|-f)\\b`}},
    decision: {block: true},
  }))
  const policy = compilePolicy({toolGuard: {enabled: true, rules}})
  const state = new GuardState()
  const times: number[] = []
  for (let index = 0; index < 5000; index++) {
    const call = {
      toolName: 'exec',
      params: {command: `cd /srv/${index} && tool${index} --dry-run && git status --short`},
    }
    const started = performance.now()
    judge(policy, state, call, {now: 1})
    times.push(performance.now() - started)
  }
  const p99 = times.slice(1000).sort((a, b) => a - b)[Math.floor(4000 * 0.99)]!
  return {
    claim: 'guard, one decision with 1 000 rules, p99',
    ours: p99,
    peer: 1,
    peerName: 'limit',
    unit: 'ms',
    aim: {atMost: 1},
  }
}

async function wholeReplay(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const [policy, calls] = [path.join(folder, 'policy.json'), path.join(folder, 'calls.ndjson')]
  writeFileSync(policy, JSON.stringify({hookBridge: {toolGuard: {enabled: true, rules: benchRules()}}}))
  writeFileSync(
    calls,
    `${Array.from({length: callCount}, (_, index) => JSON.stringify({...benchCall(index), agentId: 'a', toolCallId: `t${index}`})).join('\n')}\n`,
  )
  const bin = path.join(import.meta.dirname, '..', 'bin', 'run.js')
  const env = {...process.env, OPENCLAW_STATE_DIR: folder, NO_COLOR: '1'}
  const replay = (flags: string[], blockText: string) =>
    median(11, () => {
      const started = performance.now()
      const {status, stdout, stderr} = spawnSync(
        process.execPath,
        [bin, 'toolguard', 'replay', calls, '--config', policy, ...flags],
        {env, maxBuffer: 2 ** 28},
      )
      const taken = (performance.now() - started) / 1000
      if (status !== 0) throw new Error(`toolguard replay failed: ${stderr}`)
      const blocks = stdout.toString().split(blockText).length - 1
      if (blocks !== expectedBlocks) throw new Error(`${blocks} calls were blocked, expected ${expectedBlocks}`)
      return taken
    })
  const limit = {peer: 0.4, peerName: 'limit', unit: 's', aim: {atMost: 1}}
  try {
    return [
      {
        claim: 'toolguard replay of 100 000 calls, whole process',
        ours: await replay([], '  BLOCK  '),
        ...limit,
      },
      {
        claim: 'toolguard replay --ndjson of 100 000 calls, whole process, 13 MB of output',
        ours: await replay(['--ndjson'], '"blocked":true'),
        ...limit,
      },
    ]
  } finally {
    rmSync(folder, {recursive: true})
  }
}

function benchRules(): GuardRule[] {
  const rules: GuardRule[] = Array.from({length: 20}, (_, index) => {
    const when: GuardRule['when'] = {toolName: index % 2 ? 'exec' : ['web_fetch', 'browser']}
    if (index % 4 === 0) when.domainBlocklist = [`evil${index}.net`]
    else if (index % 4 === 1) when.matchesRegex = {'data.params.command': `(^|\\s)rm\\s+-rf\\s+/x${index}`}
    else if (index % 4 === 2)
      Object.assign(when, {notInList: {'data.params.url': ['a']}, requiredPaths: ['data.params.zz']})
    else when.contains = {'data.params.command': `sudo${index}`}
    return {id: `r${index}`, priority: index % 5, when, decision: {block: true, blockReasonTemplate: 'no {{toolName}}'}}
  })
  const hit: GuardRule = {
    id: 'hit',
    priority: -1,
    when: {toolName: 'exec', contains: {'data.params.command': 'HIT'}},
    decision: {block: true, blockReason: 'hit'},
  }
  return [...rules, hit]
}

function benchCall(index: number): {toolName: string; params: Record<string, string>} {
  if (index % 3 === 0) return {toolName: 'web_fetch', params: {url: `https://host${index}.example.com/p?q=${index}`}}
  return {toolName: 'exec', params: {command: `ls -la /srv/${index} ${index % 30 === 1 ? 'HIT' : ''}`}}
}
