import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {ExpiringMap} from '../../src/lib/guard/expiring-map.ts'
import {RecentMap} from '../../src/lib/guard/recent-map.ts'

describe('recent values', () => {
  it('never number more than the limit, and the last half of them is there', () => {
    const map = new RecentMap<number>(100)
    for (let index = 0; index < 1000; index++) {
      map.put(`k${index}`, index)
      assert.ok(map.size <= 100)
      for (let back = 0; back < Math.min(50, index + 1); back++)
        assert.equal(map.peek(`k${index - back}`), index - back)
    }
    assert.equal(map.peek('k0'), undefined)
  })

  it('stay as long as they are used', () => {
    const map = new RecentMap<{made: number}>(10)
    const first = map.use('a', () => ({made: 0}))
    for (let index = 0; index < 100; index++) {
      map.put(`k${index}`, {made: index})
      assert.equal(
        map.use('a', () => ({made: -1})),
        first,
      )
    }
  })

  it('take the same time however many were forgotten', () => {
    const map = new RecentMap<number>(20_000)
    const started = performance.now()
    for (let index = 0; index < 500_000; index++) map.use(`k${index}`, () => index)
    assert.ok(performance.now() - started < 2000)
  })
})

describe('expiring values', () => {
  it('are there until their time, the end not included', () => {
    const map = new ExpiringMap<string>(10)
    map.set('a', 'x', 100)
    assert.equal(map.get('a', 99), 'x')
    assert.equal(map.get('a', 100), undefined)
    map.set('a', 'y', 200)
    assert.equal(map.get('a', 150), 'y')
  })
})
