import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {ctx, facts, ofType, type Scene, scene, session, start, the, typesOf} from './scene.ts'

const owner = {senderIsOwner: true}

function said(made: Scene, text: unknown, rest: object = {}) {
  const message = {role: 'user', content: text, timestamp: start - 5, __openclaw: owner, ...rest}
  return made.hook('before_message_write', {message}, session)
}

function wrote(made: Scene, text: string, rest: object = {}) {
  const content = [{type: 'text', text}]
  const message = {role: 'assistant', content, model: 'm-1', provider: 'p', usage: {input: 3, output: 2}, ...rest}
  return made.hook('before_message_write', {message}, session)
}

/** The pieces of a reply as a model streams them. */
function streamed(made: Scene, text: string, itemId = 'item-1') {
  const words = text.split(/(?<= )/)
  return words.flatMap((delta, index) =>
    made.stream('assistant', {text: words.slice(0, index + 1).join(''), delta, itemId}),
  )
}

const begin = (made: Scene, rest: object = {}) => made.stream('lifecycle', {phase: 'start', startedAt: start}, rest)
const end = (made: Scene, rest: object = {}) => made.stream('lifecycle', {phase: 'end', aborted: false}, rest)
const texts = (made: Scene) => ofType(made.events, 'conversation.message.out').map(({data}) => data['text'])

describe('what a person says to the model', () => {
  it('is recorded once though the host writes it twice, with its time, its run and its owner', () => {
    const made = scene()
    const key = {idempotencyKey: 'run-1:user'}
    said(made, 'hello', key)
    made.clock.now += 500
    said(made, 'hello', key)
    const event = the(made.events, 'conversation.message.in')
    assert.deepEqual([event.data['text'], event.runId], ['hello', 'run-1'])
    assert.equal(event.timestamp, new Date(start - 5).toISOString())
    assert.equal(event.metadata?.['senderIsOwner'], true)
    assert.equal(made.capture.counters().folded, 1)
  })

  it('is recorded once without any key, and twice when it is said twice', () => {
    const made = scene()
    said(made, 'ok')
    said(made, 'ok')
    said(made, 'ok', {timestamp: start - 1})
    assert.equal(ofType(made.events, 'conversation.message.in').length, 2)
  })

  it('is nobody’s word in particular where the host does not say whose', () => {
    const made = scene()
    said(made, 'hi', {__openclaw: undefined})
    assert.equal(the(made.events, 'conversation.message.in').metadata?.['senderIsOwner'], undefined)
  })

  it('is not the owner’s because the message says so', () => {
    const made = scene()
    said(made, 'hi', {__openclaw: {senderIsOwner: false}, senderIsOwner: true, metadata: {senderIsOwner: true}})
    assert.equal(the(made.events, 'conversation.message.in').metadata?.['senderIsOwner'], false)
  })

  it('keeps pictures beside the text, and a message that is only a picture', () => {
    const made = scene()
    const picture = {type: 'image', mimeType: 'image/png', data: 'aGk='}
    said(made, [{type: 'text', text: 'look'}, picture])
    said(made, [picture], {timestamp: start - 4})
    const [both, only] = ofType(made.events, 'conversation.message.in')
    assert.deepEqual([both?.data['text'], only?.data['text']], ['look', ''])
    assert.deepEqual(only?.data['content'], [picture])
  })
})

describe('a reply', () => {
  it('that is streamed and then written is one event, with all of its text and what only the transcript knows', () => {
    const made = scene()
    begin(made)
    assert.deepEqual(streamed(made, 'Hello there my friend'), [])
    wrote(made, 'Hello there my friend')
    end(made)
    const event = the(made.events, 'conversation.message.out')
    assert.deepEqual(
      [event.data['text'], event.data['itemId'], event.runId],
      ['Hello there my friend', 'item-1', 'run-1'],
    )
    assert.equal(event.data['delta'], undefined)
    assert.deepEqual([event.stream, event.seq], ['assistant', 5])
    assert.deepEqual([event.metadata?.['model'], event.metadata?.['usage']], ['m-1', {input: 3, output: 2}])
  })

  it('that is written before the stream brings it, as when a plugin holds replies back, is one event', () => {
    const made = scene()
    begin(made)
    wrote(made, 'Hello')
    streamed(made, 'Hello')
    end(made)
    assert.deepEqual(texts(made), ['Hello'])
  })

  it('that is only streamed is one event, at the latest when the run ends', () => {
    const made = scene()
    begin(made)
    streamed(made, 'Only streamed')
    assert.deepEqual(typesOf(facts(end(made))), ['conversation.message.out', 'lifecycle.end'])
  })

  it('that is only written is one event', () => {
    const made = scene()
    begin(made)
    wrote(made, 'Only written')
    end(made)
    assert.deepEqual(texts(made), ['Only written'])
  })

  it('that came by neither way is taken from llm_output, and only then', () => {
    const made = scene()
    begin(made)
    made.hook('llm_output', {runId: 'run-1', model: 'm', assistantTexts: ['From a harness', '']}, ctx)
    end(made)
    begin(made, {runId: 'run-2'})
    streamed(made, 'x')
    made.stream('assistant', {text: 'Streamed', itemId: 'i'}, {runId: 'run-2'})
    end(made, {runId: 'run-2'})
    made.hook('llm_output', {runId: 'run-2', assistantTexts: ['Streamed']}, {...ctx, runId: 'run-2'})
    assert.deepEqual(
      texts(made).filter((text) => text !== 'x'),
      ['From a harness', 'Streamed'],
    )
  })

  it('that is said twice is two events, in whatever order stream and transcript come', () => {
    for (const order of ['stream first', 'transcript first'] as const) {
      const made = scene()
      begin(made)
      for (const item of ['1', '2', '3']) {
        if (order === 'transcript first') wrote(made, 'Done.', {responseId: item})
        streamed(made, 'Done.', item)
        if (order === 'stream first') wrote(made, 'Done.', {responseId: item})
      }
      end(made)
      assert.deepEqual(texts(made), ['Done.', 'Done.', 'Done.'], order)
    }
  })

  it('of several parts is an event for each part', () => {
    const made = scene()
    begin(made)
    streamed(made, 'First part', 'a')
    streamed(made, 'Second part', 'b')
    wrote(made, 'First part\nSecond part')
    end(made)
    assert.deepEqual(texts(made), ['First part', 'Second part'])
  })

  it('is complete before the tool that it calls', () => {
    const made = scene()
    begin(made)
    streamed(made, 'Let me look')
    made.stream('tool', {phase: 'start', name: 'exec', toolCallId: 'c', args: {}})
    made.hook('before_tool_call', {toolName: 'exec', params: {}, toolCallId: 'c', runId: 'run-1'}, ctx)
    assert.deepEqual(typesOf(facts(made.events)), ['lifecycle.start', 'conversation.message.out', 'tool.called'])
  })

  it('that the stream brought in part when it was written is the whole, once', () => {
    const made = scene()
    begin(made)
    made.stream('assistant', {text: 'Hel', delta: 'Hel', itemId: 'i'})
    wrote(made, 'Hello')
    made.stream('assistant', {text: 'Hello', delta: 'lo', itemId: 'i'})
    end(made)
    assert.deepEqual(texts(made), ['Hello'])
  })

  it('of which the host streams the end twice is one event', () => {
    const made = scene()
    begin(made)
    streamed(made, 'Hello')
    wrote(made, 'Hello')
    streamed(made, 'Hello')
    end(made)
    assert.deepEqual(texts(made), ['Hello'])
  })

  it('that is aborted is recorded as far as it came', () => {
    const made = scene()
    begin(made)
    streamed(made, 'Half of a')
    made.stream('lifecycle', {phase: 'end', status: 'cancelled', aborted: true})
    assert.deepEqual(texts(made), ['Half of a'])
  })

  it('after an aborted one is not taken for its transcript', () => {
    const made = scene()
    begin(made)
    streamed(made, 'Half')
    made.stream('lifecycle', {phase: 'end', aborted: true})
    begin(made, {runId: 'run-2'})
    wrote(made, 'Whole')
    assert.deepEqual(texts(made), ['Half', 'Whole'])
  })

  it('that falls silent is recorded, and its rest as a further piece of the same part', () => {
    const made = scene()
    begin(made)
    streamed(made, 'One')
    assert.deepEqual(typesOf(facts(made.wait(40_000))), ['conversation.message.out'])
    made.stream('assistant', {text: 'One Two', delta: ' Two', itemId: 'item-1'})
    end(made)
    const pieces = ofType(made.events, 'conversation.message.out')
    assert.deepEqual(
      pieces.map(({data}) => data['text']),
      ['One', 'One Two'],
    )
    assert.ok(pieces.every(({data}) => typeof data['delta'] === 'string'))
  })

  it('is recorded piece by piece with capture.deltas: keep, and not again from the transcript', () => {
    const made = scene({capture: {deltas: 'keep'}})
    begin(made)
    streamed(made, 'Hello there')
    wrote(made, 'Hello there')
    end(made)
    const pieces = ofType(made.events, 'conversation.message.out')
    assert.deepEqual(
      pieces.map(({data}) => [data['text'], data['delta']]),
      [
        ['Hello ', 'Hello '],
        ['Hello there', 'there'],
      ],
    )
  })

  it('of another session at the same time is kept apart', () => {
    const made = scene()
    const other = {runId: 'run-2', sessionKey: 'agent:main:other'}
    begin(made)
    begin(made, other)
    made.stream('assistant', {text: 'mine', itemId: 'a'})
    made.stream('assistant', {text: 'theirs', itemId: 'b'}, other)
    wrote(made, 'mine')
    assert.deepEqual(texts(made), ['mine'])
    end(made, other)
    assert.deepEqual(texts(made), ['mine', 'theirs'])
  })

  it('is not what the model thought', () => {
    const made = scene()
    begin(made)
    made.stream('thinking', {text: 'hm', delta: 'hm'})
    made.stream('assistant', {text: 'so', type: 'reasoning'})
    streamed(made, 'Answer')
    wrote(made, 'Answer')
    end(made)
    assert.deepEqual(texts(made), ['Answer'])
    assert.deepEqual(
      ofType(made.events, 'agent.reasoning').map(({data}) => data['text']),
      ['hm', 'so'],
    )
  })

  it('is complete before the gateway ends', () => {
    const made = scene()
    begin(made)
    streamed(made, 'Nearly')
    assert.deepEqual(typesOf(facts(made.hook('gateway_stop', {reason: 'x'}))), [
      'conversation.message.out',
      'gateway.stop',
    ])
  })
})

describe('what a run used', () => {
  it('is in its ending, from the messages that were written', () => {
    const made = scene()
    begin(made)
    made.stream('usage', {outputTokens: 99})
    wrote(made, 'a', {responseId: '1'})
    wrote(made, 'b', {responseId: '2'})
    end(made)
    assert.deepEqual(the(made.events, 'lifecycle.end').metadata?.['usage'], {input: 6, output: 4})
  })
})
