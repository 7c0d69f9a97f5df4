import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {allOf, asAppended, event, idsOf, throughJson} from './events.ts'
import type {Subject} from './subject.ts'

const mebibyte = 2 ** 20

export function contentContract(subject: Subject): void {
  async function roundTrip(events: ClawEvent[]): Promise<ClawEvent[]> {
    const {store} = await subject.open()
    expect(await store.append(events)).toEqual({appended: events.length, duplicates: 0})
    return (await allOf(store.read(everything))).map(asAppended)
  }

  describe('content', () => {
    it('keeps every field, known or not, whatever its name', async () => {
      const full = event('a', {
        sessionId: 'session-1',
        runId: 'run-1',
        toolCallId: 'call-1',
        stream: 'tool',
        seq: 4,
        result: [1, null, {deep: true}],
        error: {message: 'no', code: 'E1'},
        metadata: {model: 'm', nested: {position: 3, storedAt: 'x'}},
        ...JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "futureField": {"toString": 2}}'),
        data: JSON.parse('{"__proto__": {"polluted": true}, "": 0, "a.b": [], "length": -0.5, "hasOwnProperty": null}'),
      })
      const [kept] = await roundTrip([full])
      expect(JSON.stringify(kept)).toBe(JSON.stringify(full))
      expect(Object.hasOwn(kept?.data ?? {}, '__proto__')).toBe(true)
      expect(Reflect.get({}, 'polluted')).toBeUndefined()
    })

    it('keeps any text: emoji, right-to-left, control characters, NUL, lone surrogates', async () => {
      const texts = [
        '👩‍👩‍👧 family',
        'שלום עולם',
        'a\u0000b',
        '\u001b[2J',
        '\ud800 lone',
        'ﬁ ﬃ',
        'a\u2028b',
        '\r\n\t"\\',
        '',
      ]
      const events = texts.map((text, index) => event(`e-${index}`, {data: {text, [text]: index}}))
      expect(await roundTrip(events)).toEqual(throughJson(events))
    })

    it('keeps names that are special to a subject, a glob or a query', async () => {
      const names = [
        'a.b *>',
        '*',
        '>',
        'ü.😀',
        "o'clock; --",
        'a%2Fb',
        '"q"',
        '[x]?',
        'nul\u0000',
        '..',
        ' ',
        'A',
        'a',
      ]
      const events = names.map((name, index) =>
        event(`e-${index} ${name}`, {agentId: name, type: `custom.${name}`, sessionKey: name, runId: name}),
      )
      const {store} = await subject.open()
      await store.append(events)
      expect((await allOf(store.read(everything))).map(asAppended)).toEqual(throughJson(events))
      for (const [index, name] of names.entries()) {
        const only = [events[index]!.eventId]
        expect(await idsOf(store.read({agents: [name]}))).toEqual(only)
        expect(await idsOf(store.read({sessions: [name]}))).toEqual(only)
        expect(await idsOf(store.read({runs: [name]}))).toEqual(only)
      }
      expect(await store.append(events)).toEqual({appended: 0, duplicates: events.length})
    })

    it('keeps ids of 128 bytes, in any script', async () => {
      const long = ['x'.repeat(128), 'é'.repeat(64), '😀'.repeat(32), `${'x'.repeat(127)}y`]
      const events = long.map((id) => event(id))
      expect(await roundTrip(events)).toEqual(events)
    })

    it('keeps timestamps as they came, also those that are no time', async () => {
      const stamps = [
        '2026-11-20T21:00:00+02:00',
        'yesterday',
        '',
        '+275760-09-13T00:00:00.000Z',
        '1969-12-31T23:59:59.999Z',
      ]
      const events = stamps.map((timestamp, index) => event(`e-${index}`, {timestamp}))
      expect(await roundTrip(events)).toEqual(events)
    })

    it('keeps an event of 1 MB and those behind it in order', async () => {
      const events = [event('a'), event('large', {data: {text: 'é😀x'.repeat(150_000)}}), event('b')]
      const kept = await roundTrip(events)
      expect(kept.map(({eventId}) => eventId)).toEqual(['a', 'large', 'b'])
      expectWholeOrCut(kept[1], events[1], subject)
    })

    it('keeps an event of 5 MB and those behind it in order', async () => {
      const text = 'word '.repeat(mebibyte).slice(0, 5 * mebibyte - 2000)
      const events = [event('a'), event('large', {data: {toolName: 'exec', result: {text}}}), event('b')]
      const kept = await roundTrip(events)
      expect(kept.map(({eventId}) => eventId)).toEqual(['a', 'large', 'b'])
      expectWholeOrCut(kept[1], events[1], subject)
    })

    it('keeps the envelope of an event of 20 MB, its longest strings cut and noted', async () => {
      const events = [event('a'), event('huge', {data: {keep: 'short', text: 'x'.repeat(20 * mebibyte)}}), event('b')]
      const kept = await roundTrip(events)
      expect(kept.map(({eventId}) => eventId)).toEqual(['a', 'huge', 'b'])
      expect(kept[1]?.data['keep']).toBe('short')
      expect(kept[1]?.metadata).toHaveProperty('truncated')
    })
  })
}

function expectWholeOrCut(kept: ClawEvent | undefined, given: ClawEvent | undefined, {traits}: Subject): void {
  // Compared as text: a failing comparison of megabytes would otherwise take minutes to print.
  const same = JSON.stringify(kept) === JSON.stringify(given)
  if (same) return
  expect(traits.largeEvents).toBe('cut')
  expect(kept?.metadata).toHaveProperty('truncated')
  expect(kept?.correlationId).toBe(given?.correlationId)
}
