import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {factsOf} from '../../src/lib/migrate/facts.ts'
import {linesOfElements} from '../../src/lib/migrate/json-lines.ts'

describe('facts of an items.json', () => {
  it('are the elements of a list, with id, sentence, line and date', () => {
    const text =
      '[\n  {"id": "m-1", "fact": "Likes tea", "timestamp": "2026-01-11"},\n  {\n    "text": "Is tall"\n  }\n]\n'
    expect(factsOf(text)).toEqual([
      {
        id: 'm-1',
        text: 'Likes tea',
        line: 2,
        date: Date.UTC(2026, 0, 11),
        value: {id: 'm-1', fact: 'Likes tea', timestamp: '2026-01-11'},
      },
      {id: '', text: 'Is tall', line: 3, date: undefined, value: {text: 'Is tall'}},
    ])
  })

  it.each(['items', 'facts'])('may lie in the field "%s" of an object', (key) => {
    const text = `{\n"name": ["not", "these"],\n"${key}": [\n{"fact": "a"},\n{"fact": "b"}]}`
    expect(factsOf(text).map((fact) => [fact.text, fact.line])).toEqual([
      ['a', 4],
      ['b', 5],
    ])
  })

  it('may be plain sentences, numbers, or objects that hold no sentence', () => {
    expect(
      factsOf('["Likes tea", 7, {"kind": "x", "n": 1}, null, {"id": 3, "fact": " "}]').map(({id, text}) => [id, text]),
    ).toEqual([
      ['', 'Likes tea'],
      ['', '7'],
      ['', '{"kind":"x","n":1}'],
      ['', 'null'],
      ['3', '{"id":3,"fact":" "}'],
    ])
  })

  it.each(['{}', '{"items": {}}', '"text"', '7', 'null', '[]', '{"other": [1]}'])('are none in %s', (text) => {
    expect(factsOf(text)).toEqual([])
  })

  it.each(['', '{', '[1,]', '[{"fact": "a"}'])('cannot be read from %j, which is said', (text) => {
    expect(() => factsOf(text)).toThrow(/^broken JSON: /)
  })

  it('lie on the lines that are told for them, however the JSON is laid out', () => {
    // Every element holds its own number; its line is where that element's text begins.
    const indent = fc.constantFrom(0, 1, 2, '\t')
    const noise = fc.jsonValue({maxDepth: 2})
    fc.assert(
      fc.property(fc.array(noise), fc.array(noise), indent, fc.boolean(), (values, other, space, isWrapped) => {
        const elements = values.map((value, index) => ({index, value}))
        const root = isWrapped ? {other, '"quo\\ted"': {items: other}, items: elements} : elements
        const text = JSON.stringify(root, null, space)
        const lines = linesOfElements(text, isWrapped ? 'items' : undefined)
        expect(lines).toEqual(elements.map(({index}) => lineOfElement(text, index, space, isWrapped)))
      }),
    )
  })

  it('lie where the later of two lists with one name has them', () => {
    const text = '{"items": [\n1], "items": [\n\n2,\n3]}'
    expect(factsOf(text).map(({text: sentence, line}) => [sentence, line])).toEqual([
      ['2', 4],
      ['3', 5],
    ])
  })
})

/** In a pretty-printed list an element begins on the line before its `"index"`; without indentation all is line 1. */
function lineOfElement(text: string, index: number, space: number | string, isWrapped: boolean): number {
  if (space === 0) return 1
  const depth = isWrapped ? 3 : 2
  const indentation = (typeof space === 'string' ? space : ' '.repeat(space)).repeat(depth)
  const start = isWrapped ? text.lastIndexOf(`\n${indentation.slice(0, indentation.length / depth)}"items": [`) : 0
  const at = text.indexOf(`\n${indentation}"index": ${index},`, start)
  return text.slice(0, at).split('\n').length
}
