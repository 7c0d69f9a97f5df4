import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {type InputRecord, recordBatches} from '../../src/lib/input/records.ts'

async function records(text: string, {size = 7, limit}: {size?: number; limit?: number} = {}): Promise<InputRecord[]> {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const found: InputRecord[] = []
  for await (const batch of recordBatches(chunks(), limit)) found.push(...batch)
  return found
}

const full = (list: InputRecord[]) => list.filter(({text, fault}) => text.trim() !== '' || fault !== undefined)

describe('the records of an input', () => {
  it('are its lines, with their numbers', async () => {
    assert.deepEqual(full(await records('{"a":1}\n\n{"b":"ü\\n"}\r\n{"c":1}')), [
      {line: 1, text: '{"a":1}'},
      {line: 3, text: '{"b":"ü\\n"}\r'},
      {line: 4, text: '{"c":1}'},
    ])
  })

  it('are the elements of an array, with the lines they start on', async () => {
    const text = '\ufeff \n[\n  {"a": [1, "],{"]},\n\n  {"b": {"c": "\\"]"}} , 5\n]\n'
    assert.deepEqual(
      (await records(text)).map(({line, text: element}) => [line, JSON.parse(element)]),
      [
        [3, {a: [1, '],{']}],
        [5, {b: {c: '"]'}}],
        [5, 5],
      ],
    )
  })

  it('are the same whatever the size of the chunks', async () => {
    const value = fc.oneof(fc.jsonValue({maxDepth: 3}), fc.constant({text: '],[{"\\'}))
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.integer({min: 1, max: 40}), fc.boolean(), async (values, size, isArray) => {
        const text = isArray
          ? JSON.stringify(values, null, 1)
          : `${values.map((one) => JSON.stringify({one})).join('\n')}\n`
        const found = full(await records(text, {size})).map(({text: element}) => JSON.parse(element))
        assert.deepEqual(found, JSON.parse(JSON.stringify(isArray ? values : values.map((one) => ({one})))))
      }),
      {numRuns: 300, seed: 4},
    )
  })

  it('are none for an empty input or an empty array', async () => {
    for (const text of ['', ' \n ', '\ufeff', '[]', ' [ \n ] ']) assert.deepEqual(full(await records(text)), [])
  })

  it.each([
    ['[{"a":1}', 'the JSON array is never closed', 1],
    ['[{"a":1}]\n{"b":1}', 'there is more after the JSON array', 1],
    ['[{"a":1},\n,{"b":1}]', 'an element is missing', 2],
    ['[1,]', 'an element is missing', 1],
  ])('say what is wrong with %j', async (text, fault, line) => {
    const faults = (await records(text)).filter((record) => record.fault !== undefined)
    assert.deepEqual(
      faults.map((record) => [record.fault, record.line]),
      [[fault, line]],
    )
  })

  it('let go of what is longer than the limit, and go on', async () => {
    const found = await records(`{"a":1}\n${'x'.repeat(100)}\n{"b":1}\n`, {limit: 50})
    assert.deepEqual(
      full(found).map(({line, fault}) => [line, fault]),
      [
        [1, undefined],
        [2, 'longer than 50 characters'],
        [3, undefined],
      ],
    )
    const elements = await records(`[{"a":1},"${'x'.repeat(100)}",{"b":1}]`, {limit: 50})
    assert.deepEqual(
      elements.map(({fault}) => fault),
      [undefined, 'longer than 50 characters', undefined],
    )
  })
})
