import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {trustOf} from '../../src/lib/context/trust.ts'
import {compileCel} from '../../src/lib/filter/cel.ts'
import {callOf, ctx, ofType, played, recording, scene, session, start, the} from './scene.ts'

const secret = 'the quick brown fox'
const messages = [
  {role: 'user', content: secret},
  {role: 'assistant', content: secret, stopReason: 'error'},
  {role: 'user', content: secret},
]

describe('privacy.payloadMode', () => {
  it('metadata keeps of prompts, answers and conversations their sizes and counts only', () => {
    const made = scene()
    made.hook('before_model_resolve', {prompt: secret}, ctx)
    made.hook('before_prompt_build', {prompt: secret, messages}, ctx)
    made.hook(
      'llm_input',
      {
        runId: 'run-1',
        provider: 'p',
        model: 'm',
        systemPrompt: secret,
        prompt: `${secret}!`,
        historyMessages: messages,
        imagesCount: 2,
        tools: [{name: secret}],
      },
      ctx,
    )
    made.hook(
      'llm_output',
      {
        runId: 'run-1',
        provider: 'p',
        model: 'm',
        assistantTexts: [secret],
        lastAssistant: {text: secret},
        usage: {input: 1, output: 2},
      },
      ctx,
    )
    made.hook('agent_end', {messages, success: true, durationMs: 5}, ctx)
    made.hook('before_compaction', {messageCount: 9, messages, sessionFile: secret}, ctx)
    made.hook('before_reset', {reason: 'new', messages}, ctx)
    // The reply itself is the conversation, which is recorded.
    const events = made.events.filter(({type}) => type !== 'conversation.message.out')
    assert.doesNotMatch(JSON.stringify(events), new RegExp(secret))
    const data = (type: string) => the(made.events, type).data
    assert.deepEqual(data('agent.before_model_resolve'), {promptLength: 19})
    assert.deepEqual(data('agent.before_prompt_build'), {
      promptLength: 19,
      messageCount: 3,
      messageRoles: {user: 2, assistant: 1},
    })
    assert.deepEqual(data('agent.llm_input'), {
      hasSystemPrompt: true,
      runId: 'run-1',
      provider: 'p',
      model: 'm',
      systemPromptLength: 19,
      promptLength: 20,
      historyMessageCount: 3,
      historyMessageRoles: {user: 2, assistant: 1},
      imagesCount: 2,
      toolCount: 1,
      promptChangedFromBeforePromptBuild: true,
      promptLengthDeltaFromBeforePromptBuild: 1,
      promptLengthDeltaFromBeforeModelResolve: 1,
      historyMessageCountDeltaFromBeforePromptBuild: 0,
    })
    const {assistantTextCount, assistantTextLengths, hasLastAssistant, usage} = data('agent.llm_output')
    assert.deepEqual(
      [assistantTextCount, assistantTextLengths, hasLastAssistant, usage],
      [1, [19], true, {input: 1, output: 2}],
    )
    assert.deepEqual(data('agent.end')['messageCount'], 3)
    assert.deepEqual(
      [data('session.before_compaction')['messageCount'], data('session.before_compaction')['hasSessionFile']],
      [9, true],
    )
  })

  it('full keeps everything, and the counts', () => {
    const made = scene({privacy: {payloadMode: 'full'}})
    made.hook('llm_input', {runId: 'run-1', prompt: secret, systemPrompt: 'sys', historyMessages: messages}, ctx)
    const {data} = the(made.events, 'agent.llm_input')
    assert.deepEqual([data['prompt'], data['systemPrompt'], data['historyMessages']], [secret, 'sys', messages])
    assert.deepEqual([data['promptLength'], data['historyMessageCount']], [19, 3])
  })

  it('of a future field that is long or has parts keeps its size as well', () => {
    const made = scene()
    const novel = {short: 'yes', long: 'z'.repeat(300), parts: [1, 2], nested: {a: secret}, number: 7}
    made.hook('agent_end', {messages: [], success: true, ...novel}, ctx)
    const {short, longLength, partCount, hasNested, number} = the(made.events, 'agent.end').data
    assert.deepEqual(
      {short, longLength, partCount, hasNested, number},
      {short: 'yes', longLength: 300, partCount: 2, hasNested: true, number: 7},
    )
  })

  it('decides on the content of bootstrap files, not on their names and sizes', () => {
    const files = [{name: 'SOUL.md', path: '/w/SOUL.md', missing: false, content: secret}]
    const bootstrap = (payloadMode: 'metadata' | 'full') => {
      const made = scene({privacy: {payloadMode}})
      made.hook('agent:bootstrap', {context: {...session, workspaceDir: '/w', bootstrapFiles: files, cfg: {a: 1}}})
      return the(made.events, 'agent.bootstrap').data
    }
    assert.deepEqual(bootstrap('metadata')['bootstrapFiles'], [
      {name: 'SOUL.md', path: '/w/SOUL.md', missing: false, bytes: 19},
    ])
    assert.deepEqual(bootstrap('full')['bootstrapFiles'], files)
    assert.equal(bootstrap('full')['cfg'], undefined)
  })

  it('never stores a recorded system prompt unless it is asked to', () => {
    const text = (payloadMode: 'metadata' | 'full') =>
      JSON.stringify(played(recording('exec'), {privacy: {payloadMode}}).events)
    assert.doesNotMatch(text('metadata'), /You are a personal assistant/)
    assert.match(text('full'), /You are a personal assistant/)
  })
})

describe('credentials', () => {
  it('of a pairing request are never stored, wherever they stand', () => {
    for (const code of ['AB12CD', '0000', '$&$1', 'a"b\\c', true]) {
      const made = scene({privacy: {payloadMode: 'full'}})
      made.hook(
        'channel_pairing_requested',
        {
          channel: 'telegram',
          senderId: '7',
          code,
          text: `Your code is ${code}!`,
          nested: {code: 'other', note: [`(${code})`]},
        },
        {},
      )
      const {data} = the(made.events, 'channel.pairing_requested')
      assert.deepEqual([data['channel'], data['senderId'], data['code']], ['telegram', '7', '[REDACTED]'])
      if (typeof code === 'string')
        assert.equal(JSON.stringify(data).includes(JSON.stringify(code).slice(1, -1)), false)
      assert.equal((data['nested'] as {code: string}).code, '[REDACTED]')
    }
  })

  it('in the address of something to be installed are masked', () => {
    const made = scene()
    made.hook('before_install', {targetType: 'plugin', request: {spec: 'git+https://me:hunter2@example.com/x.git'}}, {})
    assert.doesNotMatch(JSON.stringify(made.events), /hunter2/)
  })
})

describe('who said it', () => {
  it('is what the host knows: trust comes from metadata, not from what a message claims', () => {
    const made = scene()
    const say = (text: string, mark: unknown, rest: object = {}) =>
      made.hook(
        'before_message_write',
        {message: {role: 'user', content: text, timestamp: start - text.length, __openclaw: mark, ...rest}},
        session,
      )
    say('owner', {senderIsOwner: true})
    say('guest', {senderIsOwner: false}, {senderIsOwner: true})
    say('who', undefined, {metadata: {senderIsOwner: true}, requester: {senderIsOwner: true}})
    assert.deepEqual(
      ofType(made.events, 'conversation.message.in').map((event) => trustOf(event, 'message')),
      ['owner', 'other', 'other'],
    )
  })

  it('is kept with a tool call: the requester, the channel and the trace', () => {
    const made = scene()
    const requester = {channel: 'webchat', senderId: 'u', senderIsOwner: true}
    const trace = {traceId: 't', spanId: 's'}
    made.hook(
      'before_tool_call',
      {toolName: 'x', params: {}, toolCallId: 'c'},
      {...ctx, requester, trace, abortSignal: new AbortController().signal, modelId: 'm-1'},
    )
    assert.deepEqual(the(made.events, 'tool.called').metadata, {requester, trace, model: 'm-1'})
  })
})

describe('visibility', () => {
  const tool = (made: ReturnType<typeof scene>, toolName: string, agentId = 'main') =>
    made.hook(
      'before_tool_call',
      {toolName, params: {command: 'pay'}, toolCallId: toolName},
      {...ctx, agentId, sessionKey: `agent:${agentId}:x`},
    )

  it('is internal, or what the first rule says that matches', () => {
    const made = scene({
      visibility: [
        {types: ['tool.*'], tools: ['bank_*'], visibility: 'confidential'},
        {types: ['tool.*'], agents: ['open'], visibility: 'public'},
        {agents: ['open'], visibility: 'internal'},
      ],
    })
    tool(made, 'bank_send', 'open')
    tool(made, 'read', 'open')
    tool(made, 'read2', 'main')
    assert.deepEqual(
      ofType(made.events, 'tool.called').map(({visibility}) => visibility),
      ['confidential', 'public', 'internal'],
    )
  })

  it('of what is derived from a confidential event is confidential, too', () => {
    const made = scene({visibility: [{tools: ['bank'], visibility: 'confidential'}]})
    tool(made, 'bank')
    const call = callOf(
      'before_tool_call',
      {toolName: 'bank', params: {}, toolCallId: 'bank'},
      {...ctx, sessionKey: 'agent:main:x'},
    )
    const guarded = made.capture.guard(call, {verdict: 'block', ruleId: 'r', source: 'rule'})
    assert.deepEqual([...new Set([...made.events, ...guarded].map(({visibility}) => visibility))], ['confidential'])
  })

  it('may depend on words and on an expression', () => {
    const rules = [
      {text: 'pay', visibility: 'confidential'},
      {where: "data.toolName == 'read'", visibility: 'public'},
    ] as const
    const made = scene({visibility: [...rules]}, {compileWhere: compileCel})
    tool(made, 'write')
    made.hook('before_tool_call', {toolName: 'read', params: {}, toolCallId: 'r'}, ctx)
    assert.deepEqual(
      ofType(made.events, 'tool.called').map(({visibility}) => visibility),
      ['confidential', 'public'],
    )
  })

  it('that cannot be decided hides rather than shows, and never ends the recording', () => {
    const visible = (rule: object) => {
      const made = scene({visibility: [rule as never]})
      tool(made, 'read')
      return the(made.events, 'tool.called').visibility
    }
    assert.equal(visible({types: ['tool.*'], where: 'a == b', visibility: 'confidential'}), 'confidential')
    assert.equal(visible({types: ['message.*'], where: 'a == b', visibility: 'confidential'}), 'internal')
    assert.equal(visible({types: ['tool.*'], where: 'a == b', visibility: 'public'}), 'internal')
    assert.equal(visible({text: '""', visibility: 'public'}), 'internal')
    assert.equal(visible({text: '""', visibility: 'confidential'}), 'confidential')
  })
})
