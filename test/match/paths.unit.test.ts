import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {compilePath} from '../../src/lib/match/paths.ts'

const event = {
  type: 'tool.called',
  agentId: 'main',
  data: {
    agentId: 'shadowed',
    toolName: 'exec',
    params: {url: 'x', list: ['a', {b: 1}], 'spaced ': 1, deep: {er: {est: 2}}},
  },
}
const read = (path: string) => compilePath(path)(event)

describe('paths', () => {
  it('reads nested fields, array elements and the length of an array', () => {
    assert.equal(read('data.params.url'), 'x')
    assert.equal(read('data.params.list.1.b'), 1)
    assert.equal(read('data.params.list.length'), 2)
    assert.equal(read('data.params.deep.er.est'), 2)
  })

  it('falls back to data for a first segment that the envelope does not have', () => {
    assert.equal(read('params.url'), 'x')
    assert.equal(read('toolName'), 'exec')
    assert.equal(read('agentId'), 'main')
  })

  it('ignores blanks around segments and empty segments', () => {
    assert.equal(read(' data . params..url '), 'x')
    assert.equal(read('data'), event.data)
    assert.equal(read(''), undefined)
  })

  it('does not go into strings', () => {
    assert.equal(read('data.params.url.0'), undefined)
    assert.equal(read('data.params.url.length'), undefined)
  })

  it.each([
    'constructor',
    'data.constructor',
    'data.params.toString',
    'data.params.__proto__',
    'data.params.list.push',
    '__proto__.x',
  ])('never answers from a prototype: %s', (path) => assert.equal(read(path), undefined))

  it('reads an own key that is called __proto__', () => {
    const params = JSON.parse('{"__proto__": {"evil": 1}}')
    assert.equal(compilePath('data.params.__proto__.evil')({data: {params}}), 1)
  })
})
