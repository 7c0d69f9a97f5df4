import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import type {ReplayedCall, ReplayFault, ReplayOptions} from '../../src/lib/guard/replay.ts'
import {createLineWriter} from '../../src/lib/guard/replay-line.ts'
import {createReplayRun, type ReplaySide} from '../../src/lib/guard/replay-run.ts'
import type {GuardRule, ToolGuardConfig} from '../../src/lib/guard/schema.ts'

const noSudo: GuardRule = {
  id: 'no-sudo',
  when: {contains: {'data.params.command': 'sudo'}},
  decision: {block: true, blockReason: 'no "sudo"'},
}
const asks: GuardRule = {id: 'asks', when: {toolName: 'web_fetch'}, action: 'ask'}
const unused: GuardRule = {id: 'unused', when: {toolName: 'nothing'}, decision: {block: true}}

function side(rules: GuardRule[], settings: Partial<ToolGuardConfig> = {}): ReplaySide {
  const policy = {
    toolGuard: {enabled: true, rules, ...settings},
    actions: {ask: {type: 'local_script', path: '/x'} as const},
  }
  const live = compilePolicy(policy)
  return {
    policy,
    compileOptions: {},
    compiled: {live, compileRedacted: () => compilePolicy(policy, {redactedAs: '[REDACTED'}), redactedAs: '[REDACTED'},
  }
}

async function replay(now: ReplaySide, input: unknown[], options: ReplayOptions & {against?: ReplaySide} = {}) {
  const run = createReplayRun(now, options)
  const lines = input.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  async function* bytes() {
    yield Buffer.from(`${lines.join('\n')}\n`)
  }
  const calls: ReplayedCall[] = []
  const faults: ReplayFault[] = []
  await run.judge(bytes(), {
    call: (one) => calls.push(one),
    fault: (one) => faults.push(one),
    flush: async () => undefined,
  })
  const lineOf = createLineWriter()
  return {
    calls,
    documents: calls.map((one) => JSON.parse(lineOf(one))),
    faults,
    summary: run.summary(),
    changes: run.changes(),
  }
}

const exec = (command: string, rest = {}) => ({toolName: 'exec', params: {command}, ...rest})

describe('toolguard replay', () => {
  it('gives each call its verdict, with what decided', async () => {
    const input = [
      exec('ls', {agentId: 'a "b"', sessionKey: 's'}),
      '',
      exec('sudo ls'),
      {toolName: 'web_fetch', params: {}},
      exec('[REDACTED]'),
    ]
    const {documents} = await replay(side([noSudo, asks]), input)
    assert.deepEqual(documents, [
      {
        index: 0,
        line: 1,
        toolName: 'exec',
        agentId: 'a "b"',
        sessionKey: 's',
        verdict: 'allow',
        would: 'allow',
        blocked: false,
        source: 'none',
      },
      {
        index: 1,
        line: 3,
        toolName: 'exec',
        verdict: 'block',
        would: 'block',
        blocked: true,
        reason: 'no "sudo"',
        ruleId: 'no-sudo',
        source: 'rule',
      },
      {
        index: 2,
        line: 4,
        toolName: 'web_fetch',
        verdict: 'action',
        would: 'action',
        blocked: false,
        ruleId: 'asks',
        actionId: 'ask',
        source: 'action',
      },
      {
        index: 3,
        line: 5,
        toolName: 'exec',
        verdict: 'undecidable',
        would: 'undecidable',
        blocked: false,
        reason: 'data.params.command was redacted before it was captured',
        ruleId: 'no-sudo',
        source: 'rule',
      },
    ])
  })

  it('says what live would do now and what it would do enabled', async () => {
    for (const settings of [{enabled: false}, {dryRun: true}]) {
      const now = await replay(side([noSudo], settings), [exec('sudo')])
      assert.deepEqual(
        [now.documents[0].verdict, now.documents[0].would, now.documents[0].blocked],
        ['allow', 'block', false],
      )
      assert.equal(now.summary.allow, 1)
      const enabled = await replay(side([noSudo], settings), [exec('sudo')], {asEnabled: true})
      assert.deepEqual(
        [enabled.documents[0].verdict, enabled.documents[0].blocked, enabled.summary.block],
        ['block', true, 1],
      )
    }
  })

  it('counts verdicts and rules', async () => {
    const {summary, faults} = await replay(side([noSudo, asks, unused]), [
      exec('ls'),
      exec('sudo'),
      'nonsense',
      {toolName: 'web_fetch'},
    ])
    assert.deepEqual(summary, {
      total: 3,
      enabled: true,
      dryRun: false,
      allow: 1,
      block: 1,
      rewrite: 0,
      ask: 0,
      action: 1,
      undecidable: 0,
      errors: 1,
      rules: [
        {id: 'no-sudo', matched: 1, decided: 1, assumed: 0},
        {id: 'asks', matched: 1, decided: 0, assumed: 0},
        {id: 'unused', matched: 0, decided: 0, assumed: 0},
      ],
      unmatchedRules: ['unused'],
    })
    assert.equal(faults[0]?.line, 3)
  })

  it('takes the time of each call, or one second after the one before', async () => {
    const backoff = side([noSudo], {retryBackoffMs: 1500})
    const sources = async (times: unknown[]) =>
      (
        await replay(
          backoff,
          times.map((timestamp) => exec('sudo', {timestamp})),
        )
      ).documents.map(({source}) => source)
    assert.deepEqual(await sources([undefined, undefined, undefined]), ['rule', 'backoff', 'rule'])
    assert.deepEqual(await sources([1000, 2499, 2500]), ['rule', 'backoff', 'rule'])
    assert.deepEqual(await sources(['2026-11-18T08:00:00Z', undefined, '2026-11-18T08:00:01.500Z']), [
      'rule',
      'backoff',
      'rule',
    ])
  })

  it('runs actions only when asked to', async () => {
    const {documents} = await replay(side([asks]), [{toolName: 'web_fetch'}], {
      runAction: async () => ({ok: true, output: '{"block":true,"blockReason":"human said no"}'}),
    })
    assert.deepEqual(
      [documents[0].verdict, documents[0].reason, documents[0].source],
      ['block', 'human said no', 'action'],
    )
  })

  it('learns tokens from other events on the way', async () => {
    const rule: GuardRule = {id: 'budget', when: {usage: {tokensGte: 100}}, decision: {block: true}}
    const event = {
      eventId: 'e',
      type: 'agent.llm_output',
      eventCategory: 'agent',
      eventName: 'llm_output',
      source: 'plugin-hook',
      timestamp: '2026-11-18T08:00:00.000Z',
      agentId: 'a',
      sessionKey: 's',
      data: {usage: {total: 150}},
    }
    const call = exec('ls', {agentId: 'a', sessionKey: 's'})
    assert.deepEqual(
      (await replay(side([rule]), [call, event, call])).documents.map(({verdict}) => verdict),
      ['allow', 'block'],
    )
  })

  it('shows what changed against another policy, the loosest first, and why', async () => {
    const old = side([noSudo])
    const now = side([
      {...noSudo, when: {contains: {'data.params.command': 'sudo rm'}}},
      {...noSudo, id: 'no-ls', when: {contains: {'data.params.command': 'ls'}}},
    ])
    const {changes} = await replay(now, [exec('ls'), exec('sudo x'), exec('sudo rm'), exec('pwd')], {against: old})
    assert.deepEqual(changes?.summary, {
      total: 4,
      same: 2,
      changed: 2,
      changes: [
        {from: 'block', to: 'allow', count: 1},
        {from: 'allow', to: 'block', count: 1},
      ],
      notShown: 0,
    })
    assert.deepEqual(
      changes?.calls.map(({index, from, to}) => [index, from, to]),
      [
        [1, 'block', 'allow'],
        [0, 'allow', 'block'],
      ],
    )
    assert.deepEqual(changes?.calls[0]?.because, {
      kind: 'edits',
      edits: [{ruleId: 'no-sudo', what: 'when.contains["data.params.command"]', old: 'sudo', new: 'sudo rm'}],
    })
    assert.equal(changes?.calls[1]?.because.kind === 'edits' && changes.calls[1].because.edits[0]?.what, 'rule')
  })
})
