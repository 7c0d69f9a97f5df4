import {isIP} from 'node:net'
import type * as z from 'zod'
import {checkedText, choice, flag, integer, list, name, section} from '../../guard/schema-forms.ts'
import {maybeText} from './delivery.ts'
import {typeGlobs} from './event-filter.ts'

const address = checkedText('an IP address or a range such as "10.0.0.0/8"', (value) => {
  const [ip = '', bits = '0', ...more] = value.split('/')
  const family = isIP(ip)
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
})

const port = integer(0, 65_535)

const limitedToken = section({
  token: name('a token'),
  agents: list(name(), 'a list of agent ids').optional().describe('Only events of these agents'),
  types: typeGlobs().optional().describe('Only events of these types'),
})

const ws = section({
  enabled: flag().default(true),
  ports: list(port, 'a list of ports')
    .min(1, {error: 'at least one port'})
    .default([9011, 9012, 9013, 9014, 9015, 9016])
    .describe('The first that is free is used'),
  bindAddress: name('an address').default('127.0.0.1').describe('Any other than loopback needs a token'),
  requireAuth: flag().default(false),
  authToken: maybeText().describe('May see everything'),
  tokens: list(limitedToken, 'a list of tokens').default([]).describe('May see what they are limited to'),
  allowedOrigins: list(name('an origin such as "https://example.com"'), 'a list of origins').default([]),
  allowedIps: list(address, 'a list of addresses').default([]),
  confidential: flag().default(false).describe('Also confidential events'),
})

const hmac = section({
  enabled: flag().default(false).describe('Sign each event inside (`signature`)'),
  secret: maybeText().describe('Goes before secretFilePath'),
  secretFilePath: name('a path').default('.event-plugin-hmac.secret').describe('Only we may read it'),
  algorithm: choice('sha256', 'sha512').default('sha256'),
})

export const security = section({ws: ws.prefault({}), hmac: hmac.prefault({})})

export type WebSocketSettings = z.output<typeof ws>
export type HmacSettings = z.output<typeof hmac>
