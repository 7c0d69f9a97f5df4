import {expect, it} from 'vitest'
import {within} from '../../../src/lib/store/nats/link.ts'

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}

it('waiting for something at most so long leaves no timer behind that would keep the process alive', async () => {
  const before = timers()
  expect(await within(60_000, Promise.resolve('done'))).toBe('done')
  await expect(within(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(timers()).toBe(before)
  expect(await within(1, new Promise(() => undefined))).toBeUndefined()
  expect(timers()).toBe(before)
})
