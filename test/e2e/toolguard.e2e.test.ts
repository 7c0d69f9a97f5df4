import {spawnSync} from 'node:child_process'
import {chmodSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {bin, sandbox} from '../run-bin.ts'

const box = sandbox()
afterAll(() => box.remove())

const capture = path.join(import.meta.dirname, '..', '..', 'examples', 'calls.ndjson')
const rules = [
  {
    id: 'no-sudo',
    when: {toolName: 'exec', shell: {program: 'sudo'}},
    decision: {block: true, blockReason: 'sudo is not for agents'},
  },
  {
    id: 'no-private-hosts',
    when: {toolName: ['web_fetch', 'browser'], domainBlocklist: ['10.0.0.0/8', '169.254.0.0/16', '*.internal']},
    decision: {block: true, blockReason: '{{path:data.params.url}} is not public'},
  },
  {
    id: 'publish',
    when: {toolName: 'browser', equals: {'data.params.action': 'click'}},
    decision: {ask: {title: 'Publish?'}},
  },
  {
    id: 'no-loop',
    when: {toolName: 'web_search', rate: {count: 5, windowMs: 60_000}},
    decision: {block: true, blockReason: 'too many searches'},
  },
  {id: 'approve-push', when: {toolName: 'exec', contains: {'data.params.command': 'push --force'}}, action: 'ask'},
]
const toolGuard = {enabled: true, onError: 'block', rules}
const actions = {ask: {type: 'webhook', url: 'http://127.0.0.1:9/approve'}}

function file(name: string, content: unknown): string {
  const target = path.join(box.folder, name)
  writeFileSync(target, typeof content === 'string' ? content : JSON.stringify(content))
  return target
}

const policy = file('policy.json', {toolGuard, actions})
const replay = (args: string[], input?: string) => box.run(['toolguard', 'replay', ...args], {input})
const documents = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('toolguard replay', () => {
  it('prints one document a call, and nothing else, for a file, a pipe and an array', async () => {
    const {code, stdout, stderr} = await replay([capture, '--config', policy, '--ndjson'])
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    const calls = documents(stdout)
    expect(calls).toHaveLength(63)
    expect(calls[1]).toEqual({
      index: 1,
      line: 2,
      toolName: 'exec',
      agentId: 'main',
      sessionKey: 'agent:main:slack:deploys',
      verdict: 'allow',
      would: 'allow',
      blocked: false,
      source: 'none',
    })
    const blocked = calls.filter((call) => call.blocked)
    expect(new Set(blocked.map((call) => call.ruleId))).toEqual(new Set(['no-sudo', 'no-private-hosts', 'no-loop']))
    expect(calls.filter((call) => call.verdict === 'ask').map((call) => call.ruleId)).toEqual(['publish'])
    expect(calls.filter((call) => call.verdict === 'action').map((call) => call.actionId)).toEqual(['ask'])

    const text = readFileSync(capture, 'utf8')
    expect((await replay(['-', '--config', policy, '--ndjson'], text)).stdout).toBe(stdout)
    const array = `[${text.trimEnd().split('\n').join(',\n')}]`
    expect((await replay(['-', '--config', policy, '--ndjson'], array)).stdout).toBe(stdout)
  })

  it('prints one document with a summary under --json', async () => {
    const {code, stdout} = await replay([capture, '--config', policy, '--json'])
    expect(code).toBe(0)
    const {calls, summary, faults} = JSON.parse(stdout)
    expect(calls).toHaveLength(63)
    expect(faults).toEqual([])
    expect(summary).toMatchObject({
      total: 63,
      enabled: true,
      dryRun: false,
      ask: 1,
      action: 1,
      undecidable: 0,
      errors: 0,
      unmatchedRules: [],
    })
    expect(summary.allow + summary.block + summary.ask + summary.action).toBe(63)
    expect(summary.rules.map((rule: {id: string}) => rule.id)).toEqual(rules.map(({id}) => id))
  })

  it('shows people what is not simply allowed, and how often each rule came up', async () => {
    const {code, stdout} = await replay([capture, '--config', policy])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +29 {2}BLOCK {4}exec +no-sudo +sudo is not for agents$/m)
    expect(stdout).toMatch(/^63 calls: \d+ allow, \d+ block, 1 ask, 1 action$/m)
    expect(stdout).toMatch(/^no-loop +\d+ +\d+$/m)
    expect(stdout).not.toMatch(/ALLOW/)
  })

  it('takes a policy as a toolGuard, a hookBridge, a plugin configuration, an openclaw.json and a bundle', async () => {
    const hookBridge = {toolGuard, actions}
    const shapes = {
      'bridge.json': {hookBridge},
      'bundle.json': {allowedActionDirs: [], ...hookBridge},
      'openclaw.json': `// a comment\n{plugins: {entries: {"event-server-plugin": {enabled: true, config: ${JSON.stringify({hookBridge})}}}}}`,
      'bare.json': {...toolGuard, rules: rules.slice(0, 4)},
    }
    const expected = documents((await replay([capture, '--config', policy, '--ndjson'])).stdout)
    for (const [name, content] of Object.entries(shapes)) {
      const {code, stdout} = await replay([capture, '--config', file(name, content), '--ndjson'])
      expect(code, name).toBe(0)
      const same = name === 'bare.json' ? expected.map((call) => (call.actionId ? undefined : call)) : expected
      for (const [index, call] of documents(stdout).entries()) if (same[index]) expect(call).toEqual(same[index])
    }
  })

  it('uses the configured policy without --config, and says so when there is none', async () => {
    const none = await replay([capture])
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('no toolGuard policy is configured')
    const other = await replay([capture, '--config', file('other.json', {queue: {maxSize: 100}})])
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('there is no toolGuard policy in')
    expect((await replay([capture, '--config', 'missing.json'])).code).toBe(2)
  })

  it('lists every fault of a policy at once', async () => {
    const bad = {
      enabled: true,
      onErorr: 'block',
      rules: [
        {id: 'a', when: {toolName: 5, matchesRegex: {'data.params.command': '('}}, decision: {block: true}},
        {id: 'a', when: {contians: {}}, action: 'nowhere'},
        {id: 'c', when: {domainBlocklist: ['a b']}},
      ],
    }
    const {code, stderr, stdout} = await replay([capture, '--config', file('bad.json', {toolGuard: bad}), '--json'])
    expect(code).toBe(2)
    for (const part of [
      'onErorr',
      'did you mean onError',
      'rules[0].when.toolName',
      'rules[0].when.matchesRegex',
      'rules[1].id',
      'contians',
      'rules[1].action',
      'rules[2].when.domainBlocklist[0]',
      'rules[2]',
    ]) {
      expect(stderr).toContain(part)
    }
    expect(JSON.parse(stdout).error.code).toBe('CONFIG_INVALID')
  })

  it('reports a bad call with its line, judges the rest, and ends with 1', async () => {
    const lines = [
      '{"toolName":"exec","params":{"command":"sudo x"}}',
      '{"toolName":',
      '',
      '{"params":{}}',
      '{"toolName":"exec"}',
    ]
    const {code, stdout, stderr} = await replay(['-', '--config', policy, '--ndjson'], lines.join('\n'))
    expect(code).toBe(1)
    expect(documents(stdout).map(({index, line, verdict}) => [index, line, verdict])).toEqual([
      [0, 1, 'block'],
      [1, 5, 'allow'],
    ])
    expect(stderr).toMatch(/^line 2: not JSON/m)
    expect(stderr).toMatch(/^line 4: toolName is missing/m)
    const json = JSON.parse((await replay(['-', '--config', policy, '--json'], lines.join('\n'))).stdout)
    expect(json.summary.errors).toBe(2)
    expect(json.faults.map(({line}: {line: number}) => line)).toEqual([2, 4])
  })

  it('answers with its exit code what --fail-on asks', async () => {
    const blocked = '{"toolName":"exec","params":{"command":"sudo x"}}'
    const exit = async (input: string, ...args: string[]) =>
      (await replay(['-', '--config', policy, '--ndjson', ...args], input)).code
    expect(await exit(blocked, '--fail-on', 'block')).toBe(3)
    expect(await exit('{"toolName":"exec"}', '--fail-on', 'block')).toBe(0)
    expect(await exit('nonsense', '--fail-on', 'error', '--fail-on', 'block')).toBe(3)
    expect(await exit(blocked, '--against', policy, '--fail-on', 'change')).toBe(0)
    const old = file('old.json', {...toolGuard, rules: [{id: 'other', when: {}, decision: {block: false}}]})
    expect(await exit(blocked, '--against', old, '--fail-on', 'change')).toBe(3)
  })

  it('judges a policy that is off as if it were on, says so, and counts by it when told to', async () => {
    const off = file('off.json', {...toolGuard, enabled: false, rules: rules.slice(0, 1)})
    const input = '{"toolName":"exec","params":{"command":"sudo x"}}'
    const now = await replay(['-', '--config', off, '--ndjson'], input)
    expect(now.stderr).toContain('the policy is disabled')
    expect(documents(now.stdout)[0]).toMatchObject({verdict: 'allow', would: 'block', blocked: false})
    const enabled = await replay(['-', '--config', off, '--ndjson', '--as-enabled'], input)
    expect(enabled.stderr).toBe('')
    expect(documents(enabled.stdout)[0]).toMatchObject({verdict: 'block', blocked: true})
  })

  it('shows what changed against another policy, and why', async () => {
    const looser = file('looser.json', {
      toolGuard: {
        ...toolGuard,
        rules: rules.map((rule) => (rule.id === 'no-sudo' ? {...rule, when: {...rule.when, toolName: 'bash'}} : rule)),
      },
      actions,
    })
    const {code, stdout} = await replay([capture, '--config', looser, '--against', policy])
    expect(code).toBe(0)
    expect(stdout).toMatch(/29 {2}BLOCK {3}-> ALLOW {4}exec/)
    expect(stdout).toContain('because no-sudo: when.toolName: "exec" became "bash"')
    expect(stdout).toMatch(/^\d+ of 63 calls are judged differently: \d+ block -> allow$/m)
    const {calls, summary} = JSON.parse(
      (await replay([capture, '--config', looser, '--against', policy, '--json'])).stdout,
    )
    expect(summary.changed).toBe(calls.length)
    expect(calls[0]).toMatchObject({
      from: 'block',
      to: 'allow',
      old: {ruleId: 'no-sudo'},
      because: {kind: 'edits', edits: [{ruleId: 'no-sudo', what: 'when.toolName'}]},
    })
  })

  it('shows every step under --trace', async () => {
    const {stdout} = await replay(['-', '--config', policy, '--trace'], '{"toolName":"exec","params":{"command":"ls"}}')
    expect(stdout).toContain('no-sudo')
    expect(stdout).toContain('- shell data.params.command')
    const [call] = documents(
      (await replay(['-', '--config', policy, '--trace', '--ndjson'], '{"toolName":"exec"}')).stdout,
    )
    expect(call.trace).toHaveLength(rules.length)
  })

  it('runs scripts only under --run-actions', async () => {
    const script = file(
      'ask.sh',
      '#!/bin/sh\ngrep -q prod && echo \'{"block":true,"blockReason":"not on prod"}\'\ntrue\n',
    )
    chmodSync(script, 0o755)
    const asks = {
      toolGuard: {...toolGuard, rules: [{id: 'asks', when: {}, action: 'ask'}]},
      allowedActionDirs: [box.folder],
      actions: {ask: {type: 'local_script', path: script}},
    }
    const input = ['prod', 'test'].map((host) => JSON.stringify({toolName: 'exec', params: {host}})).join('\n')
    const args = ['-', '--config', file('asks.json', asks), '--ndjson']
    expect(documents((await replay(args, input)).stdout).map(({verdict}) => verdict)).toEqual(['action', 'action'])
    const {code, stdout} = await replay([...args, '--run-actions'], input)
    expect(code).toBe(0)
    expect(documents(stdout).map(({verdict, reason, source}) => [verdict, reason, source])).toEqual([
      ['block', 'not on prod', 'action'],
      ['allow', undefined, 'none'],
    ])
  })

  it('takes calls from the log', async () => {
    await box.run([
      'import',
      file('events.ndjson', readFileSync(capture, 'utf8').trimEnd().split('\n').map(asEvent).join('\n')),
    ])
    const {stdout: events} = await box.run([
      'query',
      '--type',
      'tool.called',
      '--ndjson',
      '--limit',
      '0',
      '--order',
      'asc',
    ])
    const fromLog = documents((await replay(['-', '--config', policy, '--ndjson'], events)).stdout)
    const fromFile = documents((await replay([capture, '--config', policy, '--ndjson'])).stdout)
    expect(fromLog).toEqual(fromFile)
  })

  it('ends quietly when its reader has seen enough', () => {
    const {stdout, stderr} = spawnSync(
      'sh',
      [
        '-c',
        `"${process.execPath}" "${bin}" toolguard replay "${capture}" --config "${policy}" --ndjson | head -1; echo done`,
      ],
      {env: box.env, encoding: 'utf8'},
    )
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
  })
})

function asEvent(line: string): string {
  const {timestamp, agentId, sessionKey, runId, toolCallId, toolName, params} = JSON.parse(line)
  const envelope = {
    eventId: toolCallId,
    schemaVersion: '1.1.0',
    timestamp,
    type: 'tool.called',
    eventCategory: 'tool',
    eventName: 'before_tool_call',
    source: 'plugin-hook',
  }
  return JSON.stringify({
    ...envelope,
    agentId,
    sessionKey,
    runId,
    toolCallId,
    correlationId: toolCallId,
    data: {toolName, params},
  })
}

describe('toolguard check', () => {
  it('ends with 0 for a policy in order, 3 for one that is not, 2 for one that cannot be read', async () => {
    expect(await box.run(['toolguard', 'check', policy])).toMatchObject({code: 0, stdout: '5 rules, nothing wrong\n'})
    const trap = file('trap.json', {
      enabled: true,
      rules: [
        {
          id: 'ok',
          priority: 9,
          when: {toolName: 'exec', requiredPaths: ['data.params.command']},
          decision: {block: false},
        },
        rules[0],
      ],
    })
    const {code, stdout} = await box.run(['toolguard', 'check', trap])
    expect(code).toBe(3)
    expect(stdout).toMatch(/"no-sudo"/)
    const json = JSON.parse((await box.run(['toolguard', 'check', '--config', trap, '--json'])).stdout)
    expect(json).toMatchObject({ok: false, rules: 2})
    expect(json.findings[0]).toMatchObject({code: 'allow-first'})
    expect((await box.run(['toolguard', 'check', file('broken.json', '{')])).code).toBe(2)
  })
})

describe('toolguard test', () => {
  const good = {note: 'sudo is blocked', call: {toolName: 'exec', params: {command: 'sudo ls'}}, want: 'block'}
  const bad = {note: 'and so is ls', call: {toolName: 'exec', params: {command: 'ls'}}, want: 'block'}
  const own = {
    note: 'a rule of its own',
    rules: [{id: 'x', when: {}, action: 'a'}],
    answers: {a: {block: true}},
    call: {toolName: 'read'},
    want: {verdict: 'block', ruleId: 'x'},
  }

  it('ends with 0 when all cases pass and 3 when one does not', async () => {
    expect(await box.run(['toolguard', 'test', file('good.json', [good, own]), '--config', policy])).toMatchObject({
      code: 0,
    })
    const {code, stdout} = await box.run(['toolguard', 'test', file('bad-case.json', [good, bad]), '--config', policy])
    expect(code).toBe(3)
    expect(stdout).toContain('bad-case.json: and so is ls')
    expect(stdout).toContain('wanted {"verdict":"block"}, got {"verdict":"allow"}')
    expect(stdout).toContain('1 passed, 1 failed')
  })

  it('needs no policy for cases that bring their own rules', async () => {
    expect((await box.run(['toolguard', 'test', file('own.json', [own])])).code).toBe(0)
  })

  it('writes JUnit XML', async () => {
    const {stdout} = await box.run([
      'toolguard',
      'test',
      file('junit.json', [good, bad]),
      '--config',
      policy,
      '--junit',
    ])
    expect(stdout).toMatch(/^<\?xml/)
    expect(stdout).toMatch(/tests="2" failures="1"/)
  })

  it('lists every fault of a file of cases', async () => {
    const {code, stderr} = await box.run([
      'toolguard',
      'test',
      file('faulty.json', [{call: {}, want: 'no'}]),
      '--config',
      policy,
    ])
    expect(code).toBe(2)
    for (const part of ['[0].note', '[0].call.toolName', '[0].want.verdict']) expect(stderr).toContain(part)
  })
})

describe('toolguard explain', () => {
  it('shows the verdict and every step, whatever the verdict', async () => {
    const {code, stdout} = await box.run([
      'toolguard',
      'explain',
      '--tool',
      'exec',
      '--param',
      'command=sudo ls',
      '--config',
      policy,
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^BLOCK +exec {2}1 of 5 rules matched\n {2}no-sudo {3}sudo is not for agents$/m)
  })

  it('takes a whole call, and gives a document', async () => {
    const call = JSON.stringify({toolName: 'web_fetch', params: {url: 'http://10.1.2.3/'}})
    const {stdout} = await box.run(['toolguard', 'explain', '--call', call, '--config', policy, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'block',
      ruleId: 'no-private-hosts',
      reason: 'http://10.1.2.3/ is not public',
      rules: 5,
      matched: 1,
    })
    expect((await box.run(['toolguard', 'explain', '--config', policy])).code).toBe(2)
    expect((await box.run(['toolguard', 'explain', '--call', '{', '--config', policy])).code).toBe(2)
  })
})
