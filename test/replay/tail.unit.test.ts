import {beforeEach, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/lib/event/envelope.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {tailEvents} from '../../src/lib/replay/tail.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'

let store: EventStore
beforeEach(() => {
  store = openMemoryStore()
})

const note = (n: number) => makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {n}})
const append = (...numbers: number[]) => store.append(numbers.map(note))
const numbers = (events: readonly StoredEvent[]) => events.map(({data}) => data.n)

/** Takes `count` events from a tail while `meanwhile` runs once it is listening. */
async function take(
  count: number,
  options: {last: number; after?: string},
  meanwhile: () => Promise<unknown>,
): Promise<unknown[]> {
  const seen: StoredEvent[] = []
  const {signal} = new AbortController()
  for await (const event of tailEvents(store, everything, {
    ...options,
    limit: count,
    signal,
    onHealth: () => void meanwhile(),
  }))
    seen.push(event)
  return numbers(seen)
}

describe('tail', () => {
  it('shows the last stored events in log order, then the new ones, without a gap or a repeat', async () => {
    await append(1, 2, 3, 4)
    expect(await take(4, {last: 2}, () => append(5, 6))).toEqual([3, 4, 5, 6])
  })

  it('starts an empty log with its first event', async () => {
    expect(await take(2, {last: 10}, () => append(1, 2))).toEqual([1, 2])
  })

  it('goes on after a position', async () => {
    await append(1, 2, 3)
    const [first] = await Array.fromAsync(store.read(everything))
    expect(await take(3, {last: 0, after: first!.position}, () => append(4))).toEqual([2, 3, 4])
  })

  it('refuses a position that the log has not given yet, instead of taking it for the start or the end', async () => {
    const tail = (after: string) => take(1, {last: 0, after}, () => append(9))
    const refused = expect.objectContaining({code: 'INPUT_INVALID', exit: 2})
    await expect(tail('0000000000000001')).rejects.toThrow(refused)
    await append(1)
    await expect(tail('0000000000000002')).rejects.toThrow(refused)
    await expect(tail('garbage')).rejects.toThrow(refused)
    expect(await tail('0000000000000001')).toEqual([9])
    expect(await tail('')).toEqual([1])
  })

  it('ends by itself when the last events are enough', async () => {
    await append(1, 2, 3)
    expect(await take(2, {last: 5}, async () => undefined)).toEqual([2, 3])
  })
})
