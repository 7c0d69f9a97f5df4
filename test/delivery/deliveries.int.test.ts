import {describe, expect, it} from 'vitest'
import {
  dropDead,
  enableEndpoint,
  findDead,
  findDeliveries,
  mostBehind,
  resolveReader,
  retryDead,
  summarizeReaders,
} from '../../src/lib/delivery/deliveries.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import type {DeliveryState, StateStore} from '../../src/lib/store/state-port.ts'
import {openBench} from './fixtures.ts'

async function put(state: StateStore, reader: string, count: number, of: DeliveryState = 'dead', from = 0) {
  const deliveries = Array.from({length: count}, (_, index) => {
    const n = from + index
    const eventId = `e${String(n).padStart(5, '0')}`
    const agentId = n % 2 === 0 ? 'even' : 'odd'
    const event = makeEvent({type: 'note.added', eventId, agentId, source: 'cli', data: {n}})
    const position = String(n).padStart(16, '0')
    return {eventId, position, state: of, attempts: 3, nextAt: n, addedAt: 0, lastError: 'status 500', event}
  })
  await state.commit({reader, put: deliveries})
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('deliveries', () => {
  it('are found however many there are, each once, by reader, state and filter', async () => {
    const {state} = await openBench()
    await put(state, 'webhook:a', 350)
    await put(state, 'webhook:a', 50, 'waiting', 350)
    await put(state, 'webhook:b', 250)
    const found = async (which: Parameters<typeof findDeliveries>[1]) =>
      (await collect(findDeliveries(state, which))).map(({reader, eventId}) => `${reader} ${eventId}`)
    const all = await found({filter: everything})
    expect(all).toHaveLength(650)
    expect(new Set(all).size).toBe(650)
    expect(all).toEqual(all.toSorted())
    expect(await found({reader: 'webhook:b', filter: {agents: ['odd']}})).toHaveLength(125)
    expect(await found({reader: 'webhook:a', state: 'waiting', filter: everything})).toHaveLength(50)
    expect(await found({filter: {where: 'data.n >= 200 && data.n < 203'}})).toHaveLength(6)
    expect(await found({reader: 'nobody', filter: everything})).toEqual([])
    expect(await state.deliveryReaders()).toEqual(['webhook:a', 'webhook:b'])
    expect(await state.deliveryIdsAfter('webhook:a', '0000000000000397')).toEqual(['e00398', 'e00399'])
  })

  it('that were given up are made due or forgotten, those that match and no others', async () => {
    const {state} = await openBench()
    await put(state, 'webhook:a', 1200)
    await put(state, 'webhook:b', 10)
    const letters = await findDead(state, {filter: {agents: ['odd']}})
    expect(await retryDead(state, letters)).toEqual([
      {reader: 'webhook:a', retried: 600},
      {reader: 'webhook:b', retried: 5},
    ])
    expect(await state.countDeliveries('webhook:a')).toEqual({waiting: 600, dead: 600})
    for (const {agentId} of (await state.deliveries({state: 'waiting'})).map(({event}) => event)) {
      expect(agentId).toBe('odd')
    }
    await dropDead(state, await findDead(state, {reader: 'webhook:a', filter: everything}))
    expect(await state.countDeliveries('webhook:a')).toEqual({waiting: 600, dead: 0})
    expect(await state.countDeliveries('webhook:b')).toEqual({waiting: 5, dead: 5})
  })

  it('of each reader are summed up, with its state and its distance from the end of the log', async () => {
    const {state, store, append} = await openBench()
    await append('1', '2', '3')
    const [first] = await collect(store.read(everything, {limit: 1}))
    const paused = {since: '2026-01-01T00:00:00.000Z', reason: 'status 503'}
    const disabled = {since: '2026-01-02T00:00:00.000Z', reason: 'status 410'}
    const at = (position: string, details?: Record<string, unknown>) => ({log: 'test', position, details})
    await state.commit({reader: 'webhook:a', cursor: at(first!.position)})
    await state.commit({reader: 'webhook:b', cursor: at('', {paused})})
    await state.commit({reader: 'webhook:c', cursor: at('', {paused, disabled})})
    await state.commit({reader: 'websocket', cursor: {log: 'another', position: 'x'}})
    await put(state, 'bridge:rule', 2)
    const log = {store, name: 'test'}
    const stopped = await summarizeReaders(state, log)
    expect(stopped.map((summary) => summary.state)).toEqual(['stopped', 'stopped', 'stopped', 'disabled', 'stopped'])
    const lease = await state.tryOwn('test')
    expect(await summarizeReaders(state, log)).toEqual([
      {reader: 'bridge:rule', state: 'running', position: null, behind: null, waiting: 0, dead: 2},
      {reader: 'webhook:a', state: 'running', position: first!.position, behind: 2, waiting: 0, dead: 0},
      {reader: 'webhook:b', state: 'paused', ...paused, position: '', behind: 3, waiting: 0, dead: 0},
      {reader: 'webhook:c', state: 'disabled', ...disabled, position: '', behind: 3, waiting: 0, dead: 0},
      {reader: 'websocket', state: 'running', position: 'x', behind: null, waiting: 0, dead: 0},
    ])
    await lease?.release()
    expect(mostBehind).toBe(10_000)
  })

  it('of a disabled endpoint go on from its place, and only of a disabled one', async () => {
    const {state} = await openBench()
    const disabled = {since: '', reason: 'status 410'}
    await state.commit({reader: 'webhook:a', cursor: {log: 'test', position: '7', details: {disabled, failingMs: 5}}})
    expect(await enableEndpoint(state, 'webhook:a')).toBe(true)
    expect(await state.cursor('webhook:a')).toMatchObject({log: 'test', position: '7'})
    expect((await state.cursor('webhook:a'))?.details).toBeUndefined()
    expect(await enableEndpoint(state, 'webhook:a')).toBe(false)
    expect(await enableEndpoint(state, 'webhook:none')).toBe(false)
  })

  it('are named by the reader or by the webhook alone', async () => {
    const {state} = await openBench()
    await state.commit({reader: 'webhook:alerts', cursor: {log: 'test', position: ''}})
    await put(state, 'bridge:rule', 1)
    expect(await resolveReader(state, 'alerts')).toBe('webhook:alerts')
    expect(await resolveReader(state, 'webhook:alerts')).toBe('webhook:alerts')
    expect(await resolveReader(state, 'bridge:rule')).toBe('bridge:rule')
    await expect(resolveReader(state, 'alertz')).rejects.toMatchObject({
      code: 'USAGE',
      exit: 2,
      message: 'there is no reader "alertz"',
      suggestions: ['did you mean alerts?', expect.any(String)],
    })
  })
})
