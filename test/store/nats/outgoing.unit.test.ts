import {MsgHdrsImpl} from '@nats-io/transport-node'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {type ChainMark, markText} from '../../../src/lib/store/nats/chain.ts'
import {createHeaderWriter, messageIdOf} from '../../../src/lib/store/nats/outgoing.ts'

const anyId = fc.oneof(
  fc.string({unit: 'binary', maxLength: 40}),
  fc.constantFrom('a', ' a', 'a ', 'a%20', 'a\r\nNats-TTL: never', '\ud800', '', '%', 'é', 'x'.repeat(128)),
)

const mark: ChainMark = {writer: 'w', number: 1, covered: 0, sum: 's'.repeat(43), digest: 'd'.repeat(43)}

describe('the headers of a message', () => {
  it('carry any id as the client reads it, without another header, and differ for different ids', () => {
    const headersOf = createHeaderWriter()
    fc.assert(
      fc.property(anyId, anyId, (one, other) => {
        const message = {
          eventId: one,
          messageId: messageIdOf(one),
          subject: 's',
          body: new Uint8Array(),
          isForever: false,
        }
        const writer = headersOf(message, mark)
        const encoded = 'encode' in writer && typeof writer.encode === 'function' ? writer.encode() : new Uint8Array()
        const read = MsgHdrsImpl.decode(encoded)
        expect([...read]).toEqual([
          ['Nats-Msg-Id', [messageIdOf(one)]],
          ['Claw-Chain', [markText(mark)]],
        ])
        expect(messageIdOf(one) === messageIdOf(other)).toBe(one === other)
      }),
      {seed: 5, numRuns: 500},
    )
  })

  it('exempt a message from the age limit where that is wanted', () => {
    const message = {eventId: 'a', messageId: 'a', subject: 's', body: new Uint8Array(), isForever: true}
    const writer = createHeaderWriter()(message, mark)
    const encoded = 'encode' in writer && typeof writer.encode === 'function' ? writer.encode() : new Uint8Array()
    expect(MsgHdrsImpl.decode(encoded).get('Nats-TTL')).toBe('never')
  })
})
