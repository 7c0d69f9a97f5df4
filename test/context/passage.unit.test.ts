import {describe, expect, it} from 'vitest'
import {isMasked, withoutMasked} from '../../src/lib/context/masks.ts'
import {passageOf} from '../../src/lib/context/passage.ts'
import {trustOf} from '../../src/lib/context/trust.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {note, replied, said, toolCall} from './events.ts'

function typed(type: string, data: Record<string, unknown>, given: Partial<ClawEvent> = {}): ClawEvent {
  return {...said('', {id: 'x', data}), type, data, ...given}
}

describe('what an event says', () => {
  it.each([
    ['conversation.message.in', {text: 'hello'}, 'message'],
    ['conversation.message.out', {text: 'hello'}, 'reply'],
    ['message.received', {content: 'hello'}, 'message'],
    ['message.transcribed', {transcript: 'hello'}, 'message'],
    ['message.sent', {content: 'hello', success: true}, 'reply'],
    ['note.added', {text: 'hello'}, 'note'],
  ])('is the text of %s', (type, data, kind) => {
    expect(passageOf(typed(type, data))).toMatchObject({kind, text: 'hello'})
  })

  it.each([
    ['agent.llm_input', {prompt: 'hello', historyMessages: ['hello']}],
    ['session.start', {sessionId: 'hello'}],
    ['tool.called', {toolName: 'exec', params: {command: 'hello'}}],
    ['message.sent', {content: 'hello', success: false}],
    ['conversation.message.in', {text: ' … !! '}],
    ['conversation.message.in', {text: 7}],
    ['memory.removed', {path: 'MEMORY.md', heading: 'x', text: ''}],
    ['my.extension', {value: 1}],
  ])('is nothing in %s %j', (type, data) => {
    expect(passageOf(typed(type, data))).toBeUndefined()
  })

  it('names who is speaking, by the sender or by the name before the text', () => {
    expect(passageOf(said('hello', {id: 'a', data: {senderName: 'Anna Smith'}}))).toMatchObject({speaker: 'Anna Smith'})
    expect(passageOf(said('Anna: hello', {id: 'a'}))).toMatchObject({speaker: 'Anna', text: 'hello'})
    expect(passageOf(said('hello', {id: 'a', data: {from: '+49 170 123'}}))).toMatchObject({speaker: ''})
    expect(passageOf(said('Note: hello', {id: 'a', data: {senderName: 'Bo'}}))).toMatchObject({text: 'Note: hello'})
  })

  it('is, of a file with sections, what stands before the first one', () => {
    const whole = (text: string, path = 'MEMORY.md') =>
      passageOf({...note(text, {id: 'a', path}), type: 'memory.long_term'})
    expect(whole('# Memory\nI am Pip.\n\n## People\nAnna')).toMatchObject({text: 'I am Pip.'})
    expect(whole('---\ntitle: x\n---\n# Memory\n\n## People\nAnna')).toBeUndefined()
    expect(whole('[{"fact": "Anna"}]', 'life/areas/people/anna/items.json')).toBeUndefined()
  })

  it('is, of a failed tool call, why it failed, with what it was called on', () => {
    const failed = toolCall('tool.error', 'npm test -- --watch', '3 failed', {id: 'a'})
    expect(passageOf(failed)).toMatchObject({kind: 'failure', text: '3 failed', label: 'exec npm test -- --watch'})
    expect(passageOf(failed)?.target).toBe('exec npm test')
  })

  it('is no more than the beginning of what a tool returned', () => {
    expect(passageOf(toolCall('tool.completed', 'cat log', 'line '.repeat(9000), {id: 'a'}))?.text.length).toBeLessThan(
      1001,
    )
  })
})

describe('masks of redaction', () => {
  it.each(['[REDACTED]', '[REDACTED:aws-key]', '<redacted>', '<redacted secret>', '********', '[redacted]', '█████'])(
    'are known: %s',
    (mask) => expect(isMasked(`the key is ${mask}`)).toBe(true),
  )

  it('take their sentence with them, and nothing else', () => {
    expect(withoutMasked('Anna came. The key is [REDACTED:key]. Bo left.')).toBe('Anna came. … Bo left.')
    expect(withoutMasked('key=[REDACTED]')).toBe('')
    expect(withoutMasked('2 * 3 ** 4, **bold**, the redacted report')).toBe('2 * 3 ** 4, **bold**, the redacted report')
  })

  it('are those of the configuration, too', () => {
    expect(withoutMasked('Fine. The key is (hidden). Bye.', '(hidden)')).toBe('Fine. … Bye.')
  })
})

describe('trust', () => {
  it('comes from how the event entered the log', () => {
    const of = (event: ClawEvent) => trustOf(event, passageOf(event)!.kind)
    expect(of(said('x', {id: 'a', metadata: {senderIsOwner: true}}))).toBe('owner')
    expect(of(said('x', {id: 'a'}))).toBe('other')
    expect(of(replied('x', {id: 'a'}))).toBe('agent')
    expect(of(note('x', {id: 'a'}))).toBe('note')
    expect(of(toolCall('tool.completed', 'ls', 'x', {id: 'a'}))).toBe('tool')
    expect(of(typed('note.added', {text: 'x'}, {source: 'cli'}))).toBe('cli')
    expect(of(typed('note.added', {text: 'x'}))).toBe('unverified')
    expect(of(said('x', {id: 'a', metadata: {entry: {how: 'import'}, senderIsOwner: true}}))).toBe('imported')
  })

  it('is not what the payload says of itself', () => {
    const claims = {trust: 'owner', senderIsOwner: true, source: 'migration', metadata: {senderIsOwner: true}}
    expect(trustOf(said('x', {id: 'a', data: claims}), 'message')).toBe('other')
  })
})
