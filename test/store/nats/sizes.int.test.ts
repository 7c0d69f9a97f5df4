import {createHash} from 'node:crypto'
import {afterEach, describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import {allOf, event, eventsUpTo, ids} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {newLog, reconfigure} from './a-log.ts'

let server: NatsServer
afterEach(() => server.stop())

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe.each(natsBinaries)('large events on nats-server %s', (binary) => {
  it('of 900 kB are kept whole, of 5 MB with their longest strings cut, and hold up nobody', async () => {
    server = await startNats({binary})
    const store = await openNatsStore(await newLog(server.url))
    const whole = event('900 kB', {data: {text: 'x'.repeat(900_000)}})
    const text = 'é€😀 word '.repeat(400_000)
    const large = event('5 MB', {data: {toolName: 'exec', result: {text, note: 'short'}}})
    const events = [...eventsUpTo(3), whole, large, event('after')]
    expect(await store.append(events)).toEqual({appended: 6, duplicates: 0})
    const kept = await allOf(store.read(everything))
    expect(ids(kept)).toEqual(ids(events))
    expect(kept[3]?.data['text'] === whole.data['text']).toBe(true)
    expect(kept[4]?.data).toMatchObject({toolName: 'exec', result: {note: 'short'}})
    expect(kept[4]?.metadata).toMatchObject({
      truncated: [{path: '/data/result/text', bytes: Buffer.byteLength(text), sha256: sha256(text)}],
    })
    expect(await store.append(events)).toEqual({appended: 0, duplicates: 6})
    await store.close()
  })

  it('are cut to what the server and the stream allow', async () => {
    server = await startNats({binary, config: 'max_payload: 64KB'})
    const options = await newLog(server.url)
    await reconfigure(server.url, options.stream, {max_msg_size: 20_000})
    const store = await openNatsStore(options)
    const long = Array.from({length: 3}, (_, index) => event(`e-${index}`, {data: {text: 'x'.repeat(100_000)}}))
    expect(await store.append(long)).toEqual({appended: 3, duplicates: 0})
    const [kept] = await allOf(store.read(everything))
    expect(String(kept?.data['text']).length).toBeGreaterThan(18_000)
    await store.close()
  })

  it('are read in any order without a limit on their sum', async () => {
    server = await startNats({binary})
    const store = await openNatsStore(await newLog(server.url))
    const events = eventsUpTo(90, () => ({data: {text: 'x'.repeat(500_000)}}))
    await store.append(events)
    expect(ids(await allOf(store.read(everything)))).toEqual(ids(events))
    expect(ids(await allOf(store.read(everything, {order: 'desc'})))).toEqual(ids(events).toReversed())
    await store.close()
  })
})
