import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {createTraceWriter} from '../../src/lib/export/otlp.ts'
import type {OtlpSpan} from '../../src/lib/export/otlp-spans.ts'
import {played, recording} from '../capture/scene.ts'
import {arbEvent} from '../filter/arbitraries.ts'
import {recorded} from './recorded.ts'

function linesOf(events: readonly ClawEvent[], withContent = false): string[] {
  const writer = createTraceWriter({withContent})
  return [...events.flatMap((event) => [...writer.add(event)]), ...writer.end()]
}

function spansOf(events: readonly ClawEvent[], withContent = false): OtlpSpan[] {
  return linesOf(events, withContent).flatMap((line) => {
    const {resourceSpans} = JSON.parse(line)
    expect(resourceSpans).toHaveLength(1)
    expect(resourceSpans[0].schemaUrl).toBe('https://opentelemetry.io/schemas/1.41.0')
    return resourceSpans[0].scopeSpans[0].spans
  })
}

function attributes({attributes: list}: Pick<OtlpSpan, 'attributes'>): Record<string, unknown> {
  return Object.fromEntries(list.map(({key, value}) => [key, Object.values(value)[0]]))
}

/** The spans as a tree: each under its parent, by name. */
function treeOf(spans: readonly OtlpSpan[], parent?: string): unknown[] {
  return spans
    .filter(({parentSpanId}) => parentSpanId === parent)
    .map((span) => [span.name, ...treeOf(spans, span.spanId)])
}

const named = (spans: readonly OtlpSpan[], name: string) => spans.filter((span) => span.name === name)

describe('--format otlp', () => {
  it('makes a run a trace of the agent, its calls to the model and its tools', () => {
    const spans = spansOf(recorded('tools-in-parallel'))
    expect(treeOf(spans)).toEqual([
      ['invoke_agent main', ['chat mock-1'], ['execute_tool exec'], ['execute_tool exec'], ['chat mock-1']],
    ])
    const [run] = named(spans, 'invoke_agent main')
    expect(attributes(run!)).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': 'main',
      'gen_ai.agent.name': 'main',
      'gen_ai.conversation.id': expect.stringMatching(/^532b31c0-/),
      'gen_ai.provider.name': 'mock',
      'gen_ai.request.model': 'mock-1',
      'gen_ai.usage.input_tokens': '200',
      'gen_ai.usage.output_tokens': '20',
      'openclaw.run.status': 'completed',
    })
    const [tool] = named(spans, 'execute_tool exec')
    expect(tool).toMatchObject({kind: 1, startTimeUnixNano: expect.stringMatching(/^\d{13}000000$/)})
    expect(attributes(tool!)).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'exec',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': 'call_mock_9_0',
    })
    const [chat] = named(spans, 'chat mock-1')
    expect(chat).toMatchObject({kind: 3})
    expect(attributes(chat!)).toMatchObject({'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'mock'})
    for (const span of spans) expect(span).not.toHaveProperty('status')
  })

  it('puts the run of a subagent under the call that started it, in the same trace', () => {
    const spans = spansOf(recorded('subagent-spawned'))
    expect(treeOf(spans)).toEqual([
      [
        'invoke_agent main',
        ['chat mock-1'],
        ['execute_tool sessions_spawn', ['invoke_agent main', ['chat mock-1'], ['execute_tool exec'], ['chat mock-1']]],
        ['chat mock-1'],
        // The turn in which the child's end is reported: it belongs to the run that started the child.
        ['invoke_agent main', ['chat mock-1']],
      ],
    ])
    expect(new Set(spans.map(({traceId}) => traceId)).size).toBe(1)
    const child = named(spans, 'invoke_agent main').find((span) =>
      String(attributes(span)['openclaw.session.key']).includes(':subagent:'),
    )
    const [, , announcing] = named(spans, 'invoke_agent main')
    expect(announcing?.links).toEqual([{traceId: child?.traceId, spanId: child?.spanId}])
  })

  it('does the same with what the plugin records of that run', () => {
    const {events} = played(recording('spawn', 'spawn-child'))
    expect(treeOf(spansOf(events))).toEqual(treeOf(spansOf(recorded('subagent-spawned'))))
  })

  it('finds the call by the host’s hook alone, and in the text of its answer', () => {
    const events = recorded('subagent-spawned')
    const withoutDetails = (event: ClawEvent, content?: unknown): ClawEvent =>
      event.type === 'tool.completed' && event.data['toolName'] === 'sessions_spawn'
        ? {...event, data: {...event.data, result: content}}
        : event
    const wanted = treeOf(spansOf(events))
    expect(treeOf(spansOf(events.map((event) => withoutDetails(event))))).toEqual(wanted)
    const answer = {childSessionKey: '', runId: ''}
    for (const {data} of events)
      if (data['childSessionKey'])
        Object.assign(answer, {childSessionKey: data['childSessionKey'], runId: data['runId']})
    const content = {content: [{type: 'text', text: JSON.stringify(answer)}]}
    const byText = events
      .filter(({type}) => !type.startsWith('subagent.'))
      .map((event) => withoutDetails(event, content))
    expect(treeOf(spansOf(byText))).toEqual(wanted)
  })

  it('puts a call within a call under that', () => {
    expect(treeOf(spansOf(recorded('tool-within-tool')))).toEqual([
      [
        'invoke_agent main',
        ['chat mock-1'],
        ['execute_tool tool_call', ['execute_tool session_status']],
        ['chat mock-1'],
      ],
    ])
  })

  it('tells errors by status, and what the guard decided by span events', () => {
    const [blocked] = named(spansOf(recorded('tool-blocked')), 'execute_tool exec')
    expect(blocked?.status).toEqual({code: 2, message: 'claw-probe policy: BLOCKME is not allowed'})
    expect(attributes(blocked!)).toMatchObject({'error.type': 'blocked'})
    expect(blocked?.events?.map((event) => [event.name, attributes(event)])).toEqual([
      [
        'openclaw.tool.guard.blocked',
        {
          'openclaw.guard.rule.id': 'no-blockme',
          'openclaw.guard.source': 'rule',
          'openclaw.guard.reason': 'claw-probe policy: BLOCKME is not allowed',
        },
      ],
    ])
    const [failed] = named(spansOf(recorded('tool-failed')), 'execute_tool read')
    expect(failed?.status).toMatchObject({code: 2, message: expect.stringContaining('File not found')})
    const refused = spansOf(recorded('model-refused'))
    expect(refused.map(({name, status}) => [name, status?.code])).toEqual([
      ['invoke_agent main', 2],
      ['chat mock-1', 2],
    ])
    const [aborted] = spansOf(recorded('run-aborted'))
    expect(attributes(aborted!)).toMatchObject({'error.type': 'cancelled', 'openclaw.run.status': 'cancelled'})
  })

  it('keeps content out unless it is asked for', () => {
    const texts = ['hello-from-exec', 'SCENARIO:exec', 'Child finished']
    const plain = linesOf(recorded('subagent-spawned')).join('\n')
    for (const text of texts) expect(plain).not.toContain(text)
    const full = spansOf(recorded('subagent-spawned'), true)
    const [tool] = named(full, 'execute_tool exec')
    expect(attributes(tool!)['gen_ai.tool.call.arguments']).toBe('{"command":"echo hello-from-exec"}')
    expect(attributes(tool!)['gen_ai.tool.call.result']).toContain('hello-from-exec')
    expect(attributes(named(full, 'invoke_agent main')[2]!)['gen_ai.output.messages']).toBe(
      '[{"role":"assistant","parts":[{"type":"text","content":"Child finished."}],"finish_reason":"stop"}]',
    )
  })

  it('is the same bytes for the same events, whatever else is between them', () => {
    const all = ['subagent-spawned', 'tool-blocked', 'tools-in-parallel'].map(recorded)
    const together = linesOf(all.flat()).sort()
    expect(linesOf(all.flat()).sort()).toEqual(together)
    expect(all.flatMap((events) => linesOf(events)).sort()).toEqual(together)
  })

  it('tells of a run whose end is not there, and of a call without an end', () => {
    const events = recorded('tools-in-parallel').filter(
      ({type}) => type !== 'lifecycle.end' && type !== 'tool.completed',
    )
    const spans = spansOf(events)
    expect(spans.filter((span) => attributes(span)['openclaw.incomplete']).map(({name}) => name)).toEqual([
      'invoke_agent main',
      'execute_tool exec',
      'execute_tool exec',
    ])
  })

  it('tells calls apart that have one id, and is not misled by what is told twice', () => {
    const [called, completed] = ['tool.called', 'tool.completed'].map(
      (wanted) => recorded('call-approved').find(({type}) => type === wanted)!,
    )
    const twice = [called!, completed!].flatMap((event) => [event, {...event, eventId: `${event.eventId}-copy`}])
    expect(named(spansOf(twice), 'execute_tool exec')).toHaveLength(1)
    const again = [called!, completed!, {...called!, eventId: 'x'}, {...completed!, eventId: 'y'}]
    const spans = named(spansOf(again), 'execute_tool exec')
    expect(new Set(spans.map(({spanId}) => spanId)).size).toBe(2)
  })

  it('keeps little in memory: a run is written some time after its end', () => {
    const writer = createTraceWriter({withContent: false})
    for (const event of recorded('tool-blocked')) expect([...writer.add(event)]).toEqual([])
    const others = Array.from({length: 1200}, (_, n) => ({...recorded('tool-blocked')[0]!, eventId: `o-${n}`}))
    expect(others.flatMap((event) => [...writer.add(event)])).toHaveLength(1)
    expect([...writer.end()]).toEqual([])
  })

  it('is well-formed OTLP for any events: ids, times, parents within the trace, no span twice', () => {
    fc.assert(
      fc.property(fc.array(arbEvent, {maxLength: 60}), (events) => {
        const spans = spansOf(events, true)
        for (const span of spans) {
          expect(span.traceId).toMatch(/^[0-9a-f]{32}$/)
          expect(span.spanId).toMatch(/^[0-9a-f]{16}$/)
          expect(span.startTimeUnixNano).toMatch(/^\d+$/)
          expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true)
          expect(span.name.isWellFormed()).toBe(true)
          expect(JSON.stringify(span)).not.toMatch(/\\ud[89a-f]/i)
        }
        expect(new Set(spans.map(({spanId}) => spanId)).size).toBe(spans.length)
        const ids = new Set(spans.map(({spanId}) => spanId))
        for (const {parentSpanId} of spans) if (parentSpanId !== undefined) expect(ids.has(parentSpanId)).toBe(true)
      }),
    )
  })
})
