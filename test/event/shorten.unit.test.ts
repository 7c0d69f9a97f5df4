import {createHash} from 'node:crypto'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {jsonText} from '../../src/lib/event/json.ts'
import {cutToJsonBytes, jsonBytes} from '../../src/lib/event/json-bytes.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {serialize, shorten} from '../../src/lib/event/shorten.ts'
import {arbEvent} from '../filter/arbitraries.ts'

function eventWith(data: Record<string, unknown>, fields: Partial<Omit<ClawEvent, 'source'>> = {}): ClawEvent {
  return makeEvent({type: 'tool.completed', agentId: 'main', source: 'cli', data, ...fields})
}

const bytesOf = (event: ClawEvent) => Buffer.byteLength(JSON.stringify(event))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('an event that fits', () => {
  it('is returned itself, with its JSON', () => {
    const event = eventWith({text: 'é'.repeat(100)})
    const exact = bytesOf(event)
    expect(serialize(event, exact)).toEqual({json: JSON.stringify(event), event})
    expect(shorten(event, exact)).toBe(event)
    expect(shorten(event, exact - 1)).not.toBe(event)
  })
})

describe('an event that is too large', () => {
  it('loses the ends of its longest strings, each noted with length and digest', () => {
    const long = 'word '.repeat(20_000)
    const event = eventWith({keep: 'short', result: {text: long}, 'a/b~': long}, {metadata: {model: 'm'}})
    const before = JSON.stringify(event)
    const short = shorten(event, 20_000)
    expect(JSON.stringify(event)).toBe(before)
    expect(bytesOf(short)).toBeLessThanOrEqual(20_000)
    expect(bytesOf(short)).toBeGreaterThan(19_900)
    expect(short.data['keep']).toBe('short')
    expect(short.metadata).toEqual({
      model: 'm',
      truncated: [
        {path: '/data/result/text', bytes: long.length, sha256: sha256(long)},
        {path: '/data/a~1b~0', bytes: long.length, sha256: sha256(long)},
      ],
    })
    expect(String(short.data['a/b~']).length).toBe(String(Object(short.data['result']).text).length)
  })

  it('is cut in result, error and fields that are not ours too', () => {
    const long = 'x'.repeat(10_000)
    const event = {...eventWith({}, {result: long, error: {message: long}, metadata: {m: long}}), future: long}
    const short = shorten(event, 4000)
    expect(bytesOf(short)).toBeLessThanOrEqual(4000)
    expect(short.metadata).toHaveProperty('truncated.length', 4)
  })

  it('is cut again without losing what was noted before', () => {
    const event = eventWith({a: 'x'.repeat(10_000), b: 'y'.repeat(9000)})
    const twice = shorten(shorten(event, 15_000), 3000)
    const paths = Object(twice.metadata?.['truncated']).map(({path}: {path: string}) => path)
    expect(paths).toEqual(['/data/a', '/data/b'])
    expect(twice.metadata).toMatchObject({truncated: [{bytes: 10_000}, {bytes: 9000}]})
    expect(bytesOf(twice)).toBeLessThanOrEqual(3000)
  })

  it('gives way to a note where strings are not what makes it large, but keeps the tool name', () => {
    const many = Object.fromEntries(Array.from({length: 50_000}, (_, i) => [`key${i}`, i]))
    const event = eventWith({toolName: 'exec', many})
    const short = shorten(event, 3000)
    const sum = sha256(JSON.stringify(event.data))
    expect(short.data).toEqual({toolName: 'exec', truncated: {bytes: JSON.stringify(event.data).length, sha256: sum}})
    expect(short.metadata).toMatchObject({truncated: [{path: '/data', sha256: sum}]})
  })

  it('keeps its envelope when even a session key is huge', () => {
    const event = eventWith({}, {sessionKey: 's'.repeat(100_000)})
    const short = shorten(event, 3000)
    expect(short).toMatchObject({eventId: event.eventId, type: event.type, agentId: 'main'})
    expect(bytesOf(short)).toBeLessThanOrEqual(3000)
    expect(() => shorten(event, 50)).toThrow(expect.objectContaining({code: 'EVENT_INVALID'}))
  })

  it('is at most as large as allowed, whatever it holds, and is whole JSON', () => {
    fc.assert(
      fc.property(
        arbEvent,
        fc.string({unit: 'binary', maxLength: 4000}),
        fc.integer({min: 2500, max: 6000}),
        (event, text, limit) => {
          const large = {...event, data: {...event.data, text, more: [text, {text}]}}
          const {json, event: short} = serialize(large, limit)
          expect(Buffer.byteLength(json)).toBeLessThanOrEqual(limit)
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(short)))
          expect(short.eventId).toBe(event.eventId)
        },
      ),
    )
  })

  it('of thousands of levels is stored with its depths as text', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}"end"${']'.repeat(100_000)}`)
    const {json} = serialize({...eventWith({}), data: {deep}}, 1_000_000)
    expect(json).toContain('end')
    expect(() => JSON.stringify(JSON.parse(json))).not.toThrow()
  })
})

describe('cutting a text', () => {
  it('never splits a pair and counts bytes as JSON writes them', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), fc.integer({min: 3, max: 100}), (text, limit) => {
        expect(jsonBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)) - 2)
        const cut = cutToJsonBytes(text, limit)
        if (cut !== text) expect(jsonBytes(cut)).toBeLessThanOrEqual(limit)
        expect(cut.isWellFormed() || !text.isWellFormed()).toBe(true)
      }),
      {numRuns: 2000},
    )
    expect(cutToJsonBytes('😀😀😀😀', 8)).toBe('😀…')
  })
})

describe('JSON of any depth', () => {
  it('is what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const levels = 20_000
        let deep: unknown = value
        for (let i = 0; i < levels; i++) deep = [deep]
        expect(jsonText(deep)).toBe('['.repeat(levels) + JSON.stringify(value) + ']'.repeat(levels))
      }),
      {numRuns: 30},
    )
    expect(jsonText({a: undefined, b: [undefined]})).toBe('{"b":[null]}')
  })
})
