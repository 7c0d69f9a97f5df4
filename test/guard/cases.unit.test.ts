import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {runCase} from '../../src/lib/guard/cases.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {junitXml} from '../../src/lib/guard/junit.ts'
import {readCases} from '../../src/lib/guard/read-cases.ts'

const policy = compilePolicy({
  toolGuard: {
    enabled: false,
    retryBackoffMs: 1000,
    rules: [
      {
        id: 'no-sudo',
        when: {contains: {'data.params.command': 'sudo'}},
        decision: {block: true, blockReason: 'no sudo here'},
      },
      {id: 'asks', when: {toolName: 'web_fetch'}, action: 'ask'},
    ],
    onError: 'block',
  },
  actions: {ask: {type: 'local_script', path: '/x'}},
})

function results(document: unknown) {
  const {cases, faults} = readCases(document)
  assert.deepEqual(faults, [])
  return cases.map((one) => runCase(one, policy))
}

const sudo = {toolName: 'exec', params: {command: 'sudo ls'}}
const fetch = {toolName: 'web_fetch', params: {url: 'http://x'}}

describe('test cases of a policy', () => {
  it('want a verdict, or more of it', () => {
    const ok = results([
      {note: 'short', call: sudo, want: 'block'},
      {note: 'long', call: sudo, want: {verdict: 'block', ruleId: 'no-sudo', reason: 'no sudo', source: 'rule'}},
      {note: 'allowed', call: {toolName: 'exec'}, want: 'allow'},
      {note: 'needs an action', call: fetch, want: 'action'},
      {
        note: 'the action says so',
        call: fetch,
        answers: {ask: {block: true, blockReason: 'no'}},
        want: {verdict: 'block', reason: 'no'},
      },
      {
        note: 'the action fails',
        call: fetch,
        answers: {ask: {error: 'exit 1'}},
        want: {verdict: 'block', reason: 'exit 1'},
      },
      {note: 'the action is silent', call: fetch, answers: {ask: ''}, want: 'allow'},
      {
        note: 'a sequence',
        calls: [
          {...sudo, want: 'block'},
          {...sudo, at: 500, want: {source: 'backoff'}},
          {...sudo, at: 1000, want: {source: 'rule'}},
        ],
      },
    ])
    assert.deepEqual(
      ok.filter((one) => !one.ok),
      [],
    )
  })

  it('show what they got instead', () => {
    const [failed] = results({cases: [{note: 'wrong', call: sudo, want: {verdict: 'allow', source: 'cache'}}]})
    assert.deepEqual(failed, {
      note: 'wrong',
      ok: false,
      failures: [
        {
          call: 0,
          want: {verdict: 'allow', source: 'cache'},
          got: {verdict: 'block', ruleId: 'no-sudo', reason: 'no sudo here', source: 'rule'},
        },
      ],
    })
  })

  it('report every fault of a file at once', () => {
    const {faults} = readCases([
      {call: {tool: 'exec'}, wants: 'block'},
      5,
      {note: 'x', call: sudo, calls: [], want: 'deny'},
      {note: 'y'},
    ])
    assert.deepEqual(
      faults.map(({path}) => path),
      [
        '[0].wants',
        '[0].note',
        '[0].want',
        '[0].call.tool',
        '[0].call.toolName',
        '[1]',
        '[1].note',
        '[1]',
        '[2]',
        '[2].want.verdict',
        '[3]',
      ],
    )
    assert.match(faults[0]!.expected, /did you mean want\?/)
    assert.equal(readCases({}).faults.length, 1)
  })

  it('become JUnit XML', () => {
    const xml = junitXml([
      {
        name: 'a&b.json',
        results: results([
          {note: 'ok <1>', call: sudo, want: 'block'},
          {note: 'bad\u0001', call: sudo, want: 'allow'},
        ]),
      },
    ])
    assert.match(xml, /<testsuite name="a&amp;b.json" tests="2" failures="1">/)
    assert.match(xml, /<testcase name="ok &lt;1&gt;" classname="a&amp;b.json"\/>/)
    assert.match(xml, /<testcase name="bad\ufffd"/)
    assert.match(xml, /<failure message="call 0: wanted \{&quot;verdict&quot;:&quot;allow&quot;\}/)
  })
})
