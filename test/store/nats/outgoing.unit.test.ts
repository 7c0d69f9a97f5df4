import {MsgHdrsImpl} from '@nats-io/transport-node'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {createHeaderWriter, messageIdOf} from '../../../src/lib/store/nats/outgoing.ts'

const anyId = fc.oneof(
  fc.string({unit: 'binary', maxLength: 40}),
  fc.constantFrom('a', ' a', 'a ', 'a%20', 'a\r\nNats-TTL: never', '\ud800', '', '%', 'é', 'x'.repeat(128)),
)

describe('the headers of a message', () => {
  it('carry any id as the client reads it, without another header, and differ for different ids', () => {
    const headersOf = createHeaderWriter()
    fc.assert(
      fc.property(anyId, anyId, (one, other) => {
        const message = {eventId: one, messageId: messageIdOf(one), subject: 's', json: '{}', isForever: false}
        const writer = headersOf(message)
        const encoded = 'encode' in writer && typeof writer.encode === 'function' ? writer.encode() : new Uint8Array()
        const read = MsgHdrsImpl.decode(encoded)
        expect([...read]).toEqual([['Nats-Msg-Id', [messageIdOf(one)]]])
        expect(messageIdOf(one) === messageIdOf(other)).toBe(one === other)
      }),
      {seed: 5, numRuns: 500},
    )
  })

  it('exempt a message from the age limit where that is wanted', () => {
    const message = {eventId: 'a', messageId: 'a', subject: 's', json: '{}', isForever: true}
    const writer = createHeaderWriter()(message)
    const encoded = 'encode' in writer && typeof writer.encode === 'function' ? writer.encode() : new Uint8Array()
    expect(MsgHdrsImpl.decode(encoded).get('Nats-TTL')).toBe('never')
  })
})
