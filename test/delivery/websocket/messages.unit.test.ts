import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {idOf, readMessage} from '../../../src/lib/delivery/websocket/messages.ts'
import {fullRights, limitedRights} from '../../../src/lib/delivery/websocket/rights.ts'
import {audienceOf, storeFilter} from '../../../src/lib/delivery/websocket/subscription-filter.ts'
import {ClawError} from '../../../src/lib/errors.ts'
import {event} from '../../contracts/event-store/events.ts'

const now = Date.parse('2026-11-20T21:00:00Z')
const read = (message: unknown) => readMessage(typeof message === 'string' ? message : JSON.stringify(message), now)
const codeOf = (message: unknown) => {
  try {
    read(message)
    return 'none'
  } catch (error) {
    return error instanceof ClawError ? error.code : error
  }
}

describe('a message of a client', () => {
  it('is read with what was left out filled in', () => {
    expect(read({type: 'subscribe'})).toEqual({type: 'subscribe', from: 'now', filter: {}})
    expect(
      read({
        type: 'subscribe',
        id: '1',
        from: 'ack',
        client: 'my-dash.2',
        filter: {types: ['tool.*'], since: '1h', until: now},
      }),
    ).toEqual({
      type: 'subscribe',
      id: '1',
      from: 'ack',
      client: 'my-dash.2',
      filter: {types: ['tool.*'], since: now - 3_600_000, until: now},
    })
    expect(read({type: 'ack', position: '0000000000000007'})).toEqual({type: 'ack', position: '0000000000000007'})
    expect(read({type: 'unsubscribe', id: 'x'})).toEqual({type: 'unsubscribe', id: 'x'})
    expect(read({type: 'ping'})).toEqual({type: 'ping'})
  })

  it.each([['not JSON'], ['{}'], ['[]'], ['null'], ['7'], ['"subscribe"'], ['{"type":5}'], ['{"kind":"event"}'], ['']])(
    'that is none of ours is let be: %s',
    (text) => {
      expect(read(text)).toBeUndefined()
    },
  )

  it.each<[object, string]>([
    [{type: 'subscrbe'}, 'INPUT_INVALID'],
    [{type: 'toString'}, 'INPUT_INVALID'],
    [{type: 'subscribe', form: 'start'}, 'INPUT_INVALID'],
    [{type: 'subscribe', id: 7}, 'INPUT_INVALID'],
    [{type: 'subscribe', id: 'x'.repeat(129)}, 'INPUT_INVALID'],
    [{type: 'subscribe', from: ''}, 'INPUT_INVALID'],
    [{type: 'subscribe', from: 'ack'}, 'INPUT_INVALID'],
    [{type: 'subscribe', client: 'a:b'}, 'INPUT_INVALID'],
    [{type: 'subscribe', client: ''}, 'INPUT_INVALID'],
    [{type: 'subscribe', client: 'x'.repeat(65)}, 'INPUT_INVALID'],
    [{type: 'subscribe', client: '../x'}, 'INPUT_INVALID'],
    [{type: 'subscribe', filter: []}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: null}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {type: 'tool.*'}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {types: 'tool.*'}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {types: [7]}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {types: ['']}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {types: Array(101).fill('a')}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {agents: ['x'.repeat(257)]}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {text: 7}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {text: '…'}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {where: 'x'.repeat(1001)}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {where: '('.repeat(17)}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {since: 'soon'}}, 'FILTER_INVALID'],
    [{type: 'subscribe', filter: {since: 2, until: 1}}, 'FILTER_INVALID'],
    [{type: 'ack'}, 'INPUT_INVALID'],
    [{type: 'ack', position: 7}, 'INPUT_INVALID'],
    [{type: 'ping', at: 1}, 'INPUT_INVALID'],
  ])('that is wrong is refused: %j', (message, code) => {
    expect(codeOf(message)).toBe(code)
  })

  it('is never an error of ours, whatever it is', () => {
    const type = fc.constantFrom('subscribe', 'unsubscribe', 'ack', 'ping')
    const messages = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record(
        {type, filter: fc.jsonValue(), from: fc.jsonValue(), client: fc.jsonValue(), id: fc.jsonValue()},
        {requiredKeys: ['type']},
      ),
    )
    fc.assert(
      fc.property(messages, (message) => {
        const text = typeof message === 'string' ? message : JSON.stringify(message)
        expect(['none', 'INPUT_INVALID', 'FILTER_INVALID']).toContain(codeOf(text))
        expect(idOf(text) === undefined || typeof idOf(text) === 'string').toBe(true)
      }),
      {numRuns: 1000, seed: 7},
    )
  })
})

describe('the audience of a filter', () => {
  const limits = {whereMs: 250}
  const keyOf = async (rights = fullRights, filter = {}) => (await audienceOf(rights, filter, limits)).key

  it('is one for all with the same rights and the same filter, and another for others', async () => {
    const a = limitedRights({token: 'one', agents: ['a']})
    const alsoA = limitedRights({token: 'two', agents: ['a']})
    const b = limitedRights({token: 'three', types: ['a']})
    expect(await keyOf()).toBe(await keyOf(fullRights, {types: []}))
    expect(await keyOf(a)).toBe(await keyOf(alsoA))
    const keys = [
      await keyOf(),
      await keyOf(a),
      await keyOf(b),
      await keyOf(a, {types: ['x']}),
      await keyOf(fullRights, {types: ['x']}),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('never reaches beyond the rights', async () => {
    const rights = limitedRights({token: 'one', agents: ['a'], types: ['tool.*']})
    const events = ['a', 'b'].flatMap((agentId) =>
      ['tool.called', 'message.sent'].map((type) => event(`${agentId} ${type}`, {agentId, type})),
    )
    for (const filter of [{}, {types: ['*']}, {agents: ['a', 'b']}, {where: 'true'}, {text: 'text'}]) {
      const {wants} = await audienceOf(rights, filter, limits)
      expect(events.filter(wants).map(({eventId}) => eventId)).toEqual(['a tool.called'])
    }
  })

  it('lets the log look only at what redaction leaves as it is', () => {
    const filter = {types: ['x'], agents: ['a'], tools: ['t'], text: 'w', where: 'true', since: 1, until: 2}
    expect(storeFilter(filter, fullRights)).toEqual({types: ['x'], agents: ['a'], since: 1, until: 2})
    expect(storeFilter({}, limitedRights({token: 't', agents: ['a'], types: ['b']}))).toEqual({
      agents: ['a'],
      types: ['b'],
    })
  })

  it('ends where a condition takes too long for one event', async () => {
    const {wants} = await audienceOf(fullRights, {where: "type.startsWith('m')"}, {whereMs: -1})
    expect(() => wants(event('e'))).toThrow(/took more than/)
  })
})
