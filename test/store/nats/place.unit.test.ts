import {expect, it} from 'vitest'
import {createPlaceReader} from '../../../src/lib/store/nats/place.ts'

const place = {seq: 51_234, delivery: 7, storedMs: 1_795_221_603_533, pending: 48_766}

it.each([
  ['as servers write it today', '$JS.ACK.events.claw-1.1.51234.7.1795221603533999999.48766'],
  ['with domain and account', '$JS.ACK._.hash.events.claw-1.1.51234.7.1795221603533528127.48766'],
  ['with domain, account and a token', '$JS.ACK.hub.hash.events.claw-1.1.51234.7.1795221603533528127.48766.x7Yz'],
])('reads the place of a message %s', (_, reply) => {
  const placeOf = createPlaceReader()
  expect(placeOf(reply)).toEqual(place)
  expect(placeOf(reply.replace('48766', '0'))).toEqual({...place, pending: 0})
})
