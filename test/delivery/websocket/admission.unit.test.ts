import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {security, type WebSocketSettings} from '../../../src/lib/config/schema/security.ts'
import {type Caller, createAdmission} from '../../../src/lib/delivery/websocket/admission.ts'
import {event} from '../../contracts/event-store/events.ts'

const local = {host: '127.0.0.1:9011'}

function decide(settings: Partial<WebSocketSettings>, caller: Caller) {
  const given = {url: '/', address: '127.0.0.1', ...caller}
  const decision = createAdmission({...security.parse({}).ws, ...settings}).admit(given)
  return 'status' in decision ? decision.status : decision.key
}

const protocolOf = (token: string) => `claw-events, claw-events.token.${Buffer.from(token).toString('base64url')}`

describe('who is let in without a token', () => {
  it.each([
    ['127.0.0.1:9011', 'all'],
    ['127.0.0.1', 'all'],
    ['127.8.9.10:9011', 'all'],
    ['localhost:9011', 'all'],
    ['LOCALHOST', 'all'],
    ['localhost.:9011', 'all'],
    ['[::1]:9011', 'all'],
    ['[::1]', 'all'],
    ['', 403],
    [undefined, 403],
    ['evil.example', 403],
    ['evil.example:9011', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:9011', 403],
    ['127.0.0.1@evil.example', 403],
    ['evil.example#localhost', 403],
    ['[::1].evil.example', 403],
    ['[::1', 403],
    ['::1', 403],
    ['0.0.0.0:9011', 403],
    ['0x7f.0.0.1', 403],
    ['2130706433', 403],
    ['192.168.1.7:9011', 403],
    ['[::ffff:127.0.0.1]:9011', 403],
    ['localhost:9011, evil.example', 403],
  ])('Host %j: %j', (host, want) => {
    expect(decide({}, {headers: {host}})).toBe(want)
  })

  it.each([
    ['http://localhost:3000', 'all'],
    ['https://127.0.0.1', 'all'],
    ['http://[::1]:8080', 'all'],
    ['https://dash.example', 'all'],
    ['https://DASH.example:443', 'all'],
    ['app://obsidian.md', 'all'],
    ['https://evil.example', 403],
    ['http://dash.example', 403],
    ['https://dash.example:8443', 403],
    ['https://dash.example.evil.example', 403],
    ['https://localhost.evil.example', 403],
    ['https://evil.example/?localhost', 403],
    ['http://user@localhost.evil.example', 403],
    ['null', 403],
    ['', 403],
    ['file://', 403],
    ['ftp://localhost', 403],
    ['http://localhost, https://evil.example', 403],
  ])('Origin %j: %j', (origin, want) => {
    const settings = {allowedOrigins: ['https://dash.example/', 'app://obsidian.md']}
    expect(decide(settings, {headers: {...local, origin}})).toBe(want)
  })

  it('looks at the older name of Origin, too', () => {
    expect(decide({}, {headers: {...local, 'sec-websocket-origin': 'https://evil.example'}})).toBe(403)
  })

  it.each(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'])(
    'nobody who comes through a proxy (%s), whatever Host it sends',
    (name) => {
      expect(decide({}, {headers: {...local, [name]: '203.0.113.9'}})).toBe(401)
    },
  )

  it('nobody where a token is asked for, or the address is not of this machine only', () => {
    expect(decide({requireAuth: true, authToken: 'secret'}, {headers: local})).toBe(401)
    for (const bindAddress of ['0.0.0.0', '::', '192.168.1.7', 'host.example', '']) {
      expect(decide({bindAddress, authToken: 'secret'}, {headers: local})).toBe(401)
    }
  })

  it('nobody, even should a bind address without any token get past the configuration checks', () => {
    expect(decide({bindAddress: '0.0.0.0'}, {headers: local})).toBe(401)
    expect(decide({bindAddress: '0.0.0.0'}, {headers: {...local, authorization: 'Bearer undefined'}})).toBe(401)
    expect(decide({requireAuth: true}, {headers: {...local, 'x-event-plugin-token': 'undefined'}})).toBe(401)
  })

  it.each([
    ['/', 'all'],
    ['/?a=b', 'all'],
    ['', 404],
    ['/events', 404],
    ['//', 404],
    ['/%2f', 404],
    ['/index.html?/', 404],
    ['http://127.0.0.1:9011/', 404],
    ['*', 404],
  ])('path %j: %j', (url, want) => {
    expect(decide({}, {headers: local, url})).toBe(want)
  })
})

describe('who is let in with a token', () => {
  const settings: Partial<WebSocketSettings> = {
    requireAuth: true,
    authToken: 'the-secret',
    tokens: [{token: 'only-a', agents: ['a'], types: ['tool.*']}],
  }
  const places: Array<[string, (token: string) => Caller]> = [
    ['our header', (token) => ({headers: {'x-event-plugin-token': token}})],
    ['Authorization', (token) => ({headers: {authorization: `Bearer ${token}`}})],
    ['Authorization in other letters', (token) => ({headers: {authorization: `bEARER   ${token}`}})],
    ['the protocol', (token) => ({headers: {'sec-websocket-protocol': protocolOf(token)}})],
    ['the query', (token) => ({headers: {}, url: `/?x=1&token=${encodeURIComponent(token)}`})],
  ]

  it.each(places)('in %s', (_, caller) => {
    expect(decide(settings, caller('the-secret'))).toBe('all')
    expect(decide(settings, caller('only-a'))).toBe('[["a"],["tool.*"]]')
    for (const wrong of [
      'the-secreu',
      'the-secre',
      'the-secret2',
      'THE-SECRET',
      'only-b',
      '%00',
      'undefined',
      'null',
    ]) {
      expect(decide(settings, caller(wrong)), wrong).toBe(401)
    }
    expect(decide(settings, caller(''))).toBe(401)
  })

  it('whatever other token stands beside it', () => {
    for (const [, good] of places) {
      for (const [, bad] of places) {
        const url = good('the-secret').url ?? bad('wrong').url ?? '/'
        const headers = {...bad('wrong').headers, ...good('the-secret').headers}
        expect(decide(settings, {headers, url})).toBe('all')
      }
    }
    expect(
      decide(settings, {headers: {authorization: 'Basic dGhlLXNlY3JldA==', 'x-event-plugin-token': 'the-secret'}}),
    ).toBe('all')
  })

  it('not with other schemes, other parameters, or a protocol that is not ours', () => {
    expect(decide(settings, {headers: {authorization: 'the-secret'}})).toBe(401)
    expect(decide(settings, {headers: {authorization: 'Basic the-secret'}})).toBe(401)
    expect(decide(settings, {headers: {authorization: 'Bearer the-secret more'}})).toBe(401)
    expect(decide(settings, {headers: {cookie: 'token=the-secret'}})).toBe(401)
    expect(decide(settings, {headers: {}, url: '/?Token=the-secret'})).toBe(401)
    expect(decide(settings, {headers: {'sec-websocket-protocol': 'the-secret'}})).toBe(401)
  })

  it('a wrong one is refused where none is needed, since it was meant to be right', () => {
    const {requireAuth: _, ...open} = settings
    expect(decide(open, {headers: {...local, 'x-event-plugin-token': 'wrong'}})).toBe(401)
    expect(decide(open, {headers: local})).toBe('all')
    expect(decide(open, {headers: {...local, 'x-event-plugin-token': 'only-a'}})).toBe('[["a"],["tool.*"]]')
    // Where there are none at all, none can be wrong.
    expect(decide({}, {headers: {...local, 'x-event-plugin-token': 'old'}})).toBe('all')
  })

  it('any Host and through a proxy, but not from a foreign Origin', () => {
    const headers = {host: 'events.example.com', 'x-forwarded-for': '203.0.113.9', 'x-event-plugin-token': 'the-secret'}
    expect(decide(settings, {headers})).toBe('all')
    expect(decide(settings, {headers: {...headers, origin: 'https://evil.example'}})).toBe(403)
    expect(decide({...settings, bindAddress: '0.0.0.0'}, {headers: {...headers, origin: 'null'}})).toBe(403)
  })
})

describe('whatever is in a request', () => {
  const text = fc.oneof(
    fc.string({unit: 'binary', maxLength: 40}),
    fc.constantFrom('//', ',', 'http://', '[', '::', '%', 'Bearer '),
  )
  const parts = fc.array(text, {maxLength: 6}).map((all) => all.join(''))
  const names = ['host', 'origin', 'authorization', 'sec-websocket-protocol', 'x-event-plugin-token', 'via'] as const

  it('it is decided on without an error, and nobody gets in where only a token lets in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), parts), parts, parts, (headers, path, address) => {
        const url = `/${path}`
        expect(['all', 401, 403, 404]).toContain(decide({}, {headers, url, address}))
        expect([401, 403, 404]).toContain(decide({requireAuth: true, authToken: 'secret'}, {headers, url, address}))
        expect(decide({allowedIps: ['10.0.0.1']}, {headers, url, address})).toBe(403)
      }),
      {numRuns: 500, seed: 5},
    )
  })
})

describe('which addresses may speak to it', () => {
  const allowedIps = ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32', '::ffff:172.16.0.0/108', '::1']

  it.each([
    ['203.0.113.7', 'all'],
    ['::ffff:203.0.113.7', 'all'],
    ['10.255.0.1', 'all'],
    ['::ffff:10.255.0.1', 'all'],
    ['2001:db8:1::2', 'all'],
    ['2001:DB8:1::2%eth0', 'all'],
    ['172.16.3.4', 'all'],
    ['::1', 'all'],
    ['203.0.113.8', 403],
    ['11.0.0.1', 403],
    ['172.32.0.1', 403],
    ['2001:db9::1', 403],
    ['::2', 403],
    ['127.0.0.1', 403],
    ['', 403],
    ['not an address', 403],
  ])('%s: %j', (address, want) => {
    const settings = {allowedIps, authToken: 'secret'}
    expect(decide(settings, {headers: {'x-event-plugin-token': 'secret'}, address})).toBe(want)
  })
})

describe('what a limited token may see', () => {
  it('only its agents and types, both; and nothing where a list is empty', () => {
    const allows = (limits: {agents?: string[]; types?: string[]}) => {
      const settings = {...security.parse({}).ws, tokens: [{token: 't', ...limits}]}
      const rights = createAdmission(settings).admit({headers: {'x-event-plugin-token': 't'}, url: '/'})
      if ('status' in rights) throw new Error('not let in')
      const events = [
        event('1', {agentId: 'a', type: 'tool.called'}),
        event('2', {agentId: 'b', type: 'tool.called'}),
        event('3', {agentId: 'a'}),
      ]
      return events.filter(rights.allows).map(({eventId}) => eventId)
    }
    expect(allows({})).toEqual(['1', '2', '3'])
    expect(allows({agents: ['a']})).toEqual(['1', '3'])
    expect(allows({types: ['tool.*']})).toEqual(['1', '2'])
    expect(allows({agents: ['a'], types: ['tool.*']})).toEqual(['1'])
    expect(allows({agents: []})).toEqual([])
    expect(allows({types: []})).toEqual([])
  })
})
