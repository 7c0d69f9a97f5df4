import {describe, expect, it} from 'vitest'
import {ClawError} from '../../../src/lib/errors.ts'
import {createAppendJob} from '../../../src/lib/store/nats/append-job.ts'
import {event} from '../../contracts/event-store/events.ts'

const failure = new ClawError('STORE_FULL', 'no room', {suggestions: ['make some']})

describe('one call of append', () => {
  it('ends when everything that was sent is acknowledged', async () => {
    let isDone = false
    const job = createAppendJob([event('a'), event('b')], () => {
      isDone = true
    })
    for (const id of ['a', 'b']) {
      expect(job.next()?.eventId).toBe(id)
      job.sent()
    }
    expect(job.next()).toBeUndefined()
    job.stored(true)
    expect(isDone).toBe(false)
    job.stored(false)
    expect(isDone).toBe(true)
    expect(await job.result).toEqual({appended: 1, duplicates: 1})
  })

  it('sends nothing after a failure, waits for what was sent, and says how much is stored', async () => {
    const job = createAppendJob([event('a'), event('b'), event('c'), event('d')], () => undefined)
    for (let sent = 0; sent < 3; sent++) {
      job.next()
      job.sent()
    }
    job.refused(failure, 'a')
    expect(job.next()).toBeUndefined()
    job.stored(false)
    job.refused(new ClawError('STORE_FAILED', 'something else'), 'c')
    await expect(job.result).rejects.toMatchObject({
      code: 'STORE_FULL',
      message: 'event a: no room; 1 of 4 events of this call are stored',
      suggestions: ['make some'],
    })
  })

  it('that is abandoned does not wait', async () => {
    const job = createAppendJob([event('a')], () => undefined)
    job.next()
    job.sent()
    job.abandon(failure)
    await expect(job.result).rejects.toMatchObject({message: 'no room'})
  })
})
