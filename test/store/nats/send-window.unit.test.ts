import {describe, expect, it} from 'vitest'
import {createSendWindow} from '../../../src/lib/store/nats/send-window.ts'

const entry = (name: string, bytes = 1) => ({name, bytes})

describe('the window of what was sent', () => {
  it('is full at 512 messages or at its bytes, and has room again once the oldest is out', () => {
    const window = createSendWindow<{name: string; bytes: number}>(1000)
    for (let n = 0; n < 512; n++) {
      expect(window.isFull()).toBe(false)
      window.add(entry(`m${n}`))
    }
    expect(window.isFull()).toBe(true)
    window.remove(5)
    expect(window.isFull()).toBe(true)
    for (const number of [1, 2, 0]) window.remove(number)
    expect(window.isFull()).toBe(false)
    window.add(entry('large', 2000))
    expect(window.isFull()).toBe(true)
    window.remove(512)
    expect(window.isFull()).toBe(false)
  })

  it('gives what is still in it, oldest first, and nothing for numbers that are out or not given yet', () => {
    const window = createSendWindow<{name: string; bytes: number}>(1000)
    for (const name of ['a', 'b', 'c', 'd']) window.add(entry(name))
    window.remove(1)
    window.remove(1)
    expect(window.count).toBe(3)
    expect(window.get(1)).toBeUndefined()
    expect(window.get(512)).toBeUndefined()
    expect(window.get(2)?.name).toBe('c')
    expect(window.entries().map(([number, {name}]) => [number, name])).toEqual([
      [0, 'a'],
      [2, 'c'],
      [3, 'd'],
    ])
    expect(window.takeAll().map(({name}) => name)).toEqual(['a', 'c', 'd'])
    expect(window.count).toBe(0)
    window.add(entry('e'))
    expect(window.entries().map(([number]) => number)).toEqual([4])
  })
})
