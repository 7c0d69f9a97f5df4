import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {matchesText, parseText, textOf, wordsOf} from '../../src/lib/filter/text.ts'

function eventWith(data: Record<string, unknown>, message?: string): ClawEvent {
  const fields = {eventId: 'e', schemaVersion: '1.2.0', timestamp: '2026-11-20T21:00:00.000Z', type: 'note.added'}
  const names = {eventCategory: 'note', eventName: 'note.added', source: 'cli', agentId: 'main', correlationId: 'c'}
  return {...fields, ...names, visibility: 'internal', data, ...(message === undefined ? {} : {error: {message}})}
}

function finds(query: string, text: string): boolean {
  return matchesText(parseText(query), wordsOf(text))
}

describe('wordsOf', () => {
  it.each([
    ['Deploy v1.2.3 FAILED', ['deploy', 'v1', '2', '3', 'failed']],
    ['Café naïve ﬁne Ⅳ', ['cafe', 'naive', 'fine', 'iv']],
    ['İstanbul ΣΑΣ σας', ['istanbul', 'σασ', 'σασ']],
    ['東京タワー', ['東', '京', 'タ', 'ワ', 'ー']],
    ['がか 한국', ['が', 'か', '한', '국']],
    ['हिन्दी भाषा', ['हिन्दी', 'भाषा']],
    ['a_b\u0000c\ud800d', ['a', 'b', 'c', 'd']],
    ['👩‍👩‍👧 … -', []],
  ])('splits %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words)
  })

  it('makes the same words of its own words, so that an index can be fed with them', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        const words = wordsOf(text)
        expect(wordsOf(words.join(' '))).toEqual(words)
        for (const word of words) expect(word).toMatch(/^[^\u0000-\u002f\u003a-\u0060\u007b-\u007f]+$/)
      }),
    )
  })
})

describe('textOf', () => {
  it('reads the strings of data at any depth, in stored order, and the error', () => {
    const data = {b: 'one', a: [{x: 'two', n: 5}, ['three', null]], z: 'four'}
    expect(textOf(eventWith(data, 'five'))).toBe('one\ntwo\nthree\nfour\nfive')
  })

  it('survives a hundred thousand levels', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}"end"${']'.repeat(100_000)}`)
    expect(textOf(eventWith({deep}))).toBe('end')
  })
})

describe('a text query', () => {
  it('asks for all words, in any order', () => {
    expect(finds('failed deploy', 'the Deploy has FAILED')).toBe(true)
    expect(finds('failed build', 'the Deploy has FAILED')).toBe(false)
    expect(finds('fail', 'failed')).toBe(false)
  })

  it('asks for quoted words one after the other', () => {
    expect(finds('"has failed"', 'deploy has failed')).toBe(true)
    expect(finds('"failed has"', 'deploy has failed')).toBe(false)
    expect(finds('"a a b"', 'a a a b')).toBe(true)
    expect(finds('deploy "failed twice', 'deploy failed twice')).toBe(true)
  })

  it('finds any part of a text without spaces, and only that', () => {
    expect(finds('京タ', '東京タワー')).toBe(true)
    expect(finds('京東', '東京タワー')).toBe(false)
  })

  it('folds accents and case on both sides', () => {
    expect(finds('CAFÉ', 'cafe')).toBe(true)
    expect(finds('cafe', 'Cafe\u0301')).toBe(true)
  })

  it('needs a word', () => {
    for (const query of ['', '  ', '""', '*', '👍']) {
      expect(() => parseText(query)).toThrow(expect.objectContaining({code: 'FILTER_INVALID', exit: 2}))
    }
  })
})
