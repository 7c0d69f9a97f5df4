import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {eventLine} from '../../src/lib/output/event-line.ts'
import {createPaint} from '../../src/lib/output/paint.ts'

const paint = createPaint(false)

function event(fields: Partial<ClawEvent>): ClawEvent {
  return {
    eventId: 'e1',
    schemaVersion: '1.2.0',
    timestamp: '2026-11-20T21:08:54.882Z',
    type: 'tool.called',
    eventCategory: 'tool',
    eventName: 'before_tool_call',
    source: 'plugin-hook',
    agentId: 'main',
    correlationId: 'c1',
    visibility: 'internal',
    data: {toolName: 'exec', params: {command: 'ls -la', background: true}},
    ...fields,
  }
}

describe('event line', () => {
  it('shows time, type, agent and what a tool was called with', () => {
    expect(eventLine(event({}), {paint})).toBe(
      '2026-11-20 21:08:54.882  tool.called               main        exec command=ls -la background=true',
    )
  })

  it('shows an error and how long it took', () => {
    const line = eventLine(
      event({type: 'tool.error', error: {message: 'File not found'}, data: {toolName: 'read', durationMs: 12}}),
      {paint},
    )
    expect(line).toContain('read error: File not found (12 ms)')
  })

  it('shows what a tool answered', () => {
    const result = {content: [{type: 'text', text: 'hello'}, {type: 'image'}]}
    expect(
      eventLine(event({type: 'tool.completed', data: {toolName: 'read', result, durationMs: 3}}), {paint}),
    ).toContain('read hello  (3 ms)')
    expect(eventLine(event({type: 'tool.completed', data: {toolName: 'exec', result: 'a b'}}), {paint})).toContain(
      'exec a b',
    )
    expect(
      eventLine(event({type: 'tool.completed', data: {toolName: 'exec', result: {exitCode: 0}}}), {paint}),
    ).toContain('exec exitCode=0')
  })

  it('shows a note by its place and first words', () => {
    const line = eventLine(
      event({
        type: 'memory.section',
        data: {path: 'MEMORY.md', heading: 'People', text: '## People\n\nAda likes tea.'},
      }),
      {paint},
    )
    expect(line).toContain('MEMORY.md › People — Ada likes tea.')
  })

  it('looks past front matter for the first words of a note', () => {
    const text = '---\ntags: [walk]\n---\n# Abisko\n\n***\nFive days in June.'
    const line = eventLine(event({type: 'memory.daily_note', data: {path: 'memory/a.md', heading: 'Abisko', text}}), {
      paint,
    })
    expect(line).toContain('memory/a.md › Abisko — Five days in June.')
  })

  it('stays one harmless line, whatever is in the event', () => {
    const line = eventLine(
      event({agentId: 'a\nb', type: 'x.\u001b[31m', data: {text: 'one\ntwo\u001b]0;title\u0007'}}),
      {paint},
    )
    expect(line).not.toMatch(/[\u0000-\u001f]/)
    expect(line).toContain('one\\ntwo\\e]0;title\\u0007')
  })

  it('fits the terminal, and is never cut in a pipe', () => {
    const long = event({data: {text: 'x'.repeat(500)}})
    expect(eventLine(long, {paint, width: 100}).length).toBe(100)
    expect(eventLine(long, {paint}).length).toBeGreaterThan(500)
  })
})
