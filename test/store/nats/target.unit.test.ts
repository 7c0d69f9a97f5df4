import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {ClawError} from '../../../src/lib/errors.ts'
import {parseTarget} from '../../../src/lib/store/nats/target.ts'

describe('a store URL', () => {
  it('names the server, with the usual port, stream and prefix where it says nothing', () => {
    expect(parseTarget({url: 'nats://localhost'})).toEqual({
      url: 'nats://localhost',
      flag: '--store nats://localhost',
      servers: ['localhost:4222'],
      isTls: false,
      stream: 'openclaw-events',
      prefix: 'openclaw.events',
      agent: undefined,
      api: '$JS.API',
      inbox: '_INBOX',
    })
  })

  it('may name several servers, IPv6 ones too, and TLS', () => {
    const {servers, isTls} = parseTarget({url: 'tls://a.example:5000,[::1]:4333,[fe80::1],10.0.0.1/'})
    expect(servers).toEqual(['a.example:5000', '[::1]:4333', '[fe80::1]:4222', '10.0.0.1:4222'])
    expect(isTls).toBe(true)
  })

  it('may carry user and password, or a token, which are never shown', () => {
    expect(parseTarget({url: 'nats://ada:p%40ss@host'})).toMatchObject({
      user: 'ada',
      password: 'p@ss',
      url: 'nats://ada:***@host',
    })
    expect(parseTarget({url: 'nats://t0k%2Fen@host'})).toMatchObject({token: 't0k/en', url: 'nats://***@host'})
    expect(parseTarget({url: 'nats://ada:a:b@c%zz@host'})).toMatchObject({user: 'ada', password: 'a:b@c%zz'})
    expect(parseTarget({url: 'nats://ada:@host'})).toMatchObject({user: 'ada', password: ''})
  })

  it('tells stream, prefix and agent, and wins over the options', () => {
    const options = {stream: 'from-options', prefix: 'from.options', agent: 'from-options'}
    const url = 'nats://host?stream=S&prefix=p.q&agent=A'
    expect(parseTarget({url, ...options})).toMatchObject({stream: 'S', prefix: 'p.q', agent: 'A', url: 'nats://host'})
    expect(parseTarget({url: 'nats://host', ...options})).toMatchObject(options)
  })

  it('is told to a command with its query, quoted for a shell and without its password', () => {
    const {flag} = parseTarget({url: "nats://ada:hunter2@host?stream=S'T&prefix=p.q"})
    expect(flag).toBe("--store 'nats://ada:***@host?stream=S%27T&prefix=p.q'")
  })

  it('of one agent has a stream and a prefix of its own', () => {
    expect(parseTarget({url: 'nats://host', agent: 'my agent'})).toMatchObject({
      stream: 'openclaw-events-my=20agent',
      prefix: 'openclaw.agents.my%20agent',
    })
  })

  it('of one agent is told to a command with all that the configuration says of it', () => {
    expect(parseTarget({url: 'nats://host', agent: 'my agent'}).flag).toBe("--store 'nats://host?agent=my%20agent'")
    const {flag} = parseTarget({url: 'nats://host?agent=a', agent: 'b', stream: 's', prefix: 'p.%20'})
    expect(flag).toBe("--store 'nats://host?stream=s&prefix=p.%2520&agent=a'")
    expect(parseTarget({url: flag.slice(9, -1)})).toMatchObject({stream: 's', prefix: 'p.%20', agent: 'a'})
  })

  it('gives every user replies of its own, and may name another prefix of the API', () => {
    expect(parseTarget({url: 'nats://ada.b:pw@host'})).toMatchObject({inbox: '_INBOX.ada%2Eb', api: '$JS.API'})
    expect(parseTarget({url: 'nats://token@host'}).inbox).toBe('_INBOX')
    expect(parseTarget({url: 'nats://host?api=claw.api'}).api).toBe('claw.api')
  })

  it.each([
    ['nats://host?api=a.>', /"a\.>" cannot begin a subject/],
    ['mysql://root:hunter2@db', /not of the form/],
    ['nats://', /not of the form/],
    ['nats://ada:hunter2@host/path', /not of the form/],
    ['nats://ada:hunter2@ho st', /"ho st" is no host/],
    ['nats://host:port', /"host:port" is no host/],
    ['nats://host:99999', /a port is a number from 1 to 65535, not 99999/],
    ['nats://ada:hunter2@host?streem=S', /"streem"/],
    ['nats://host?stream=a.b', /"a\.b" cannot be the name of a stream/],
    ['nats://host?prefix=a.*', /cannot begin a subject/],
    ['nats://host?prefix=a..b', /cannot begin a subject/],
  ])('%s is refused with the reason, without its password', (url, says) => {
    const refuse = () => parseTarget({url})
    expect(refuse).toThrow(ClawError)
    expect(refuse).toThrow(says)
    expect(refuse).not.toThrow(/hunter2/)
  })

  it('never shows its password, however it is broken', () => {
    const secret = 'S3CRET'
    const part = fc.string({unit: fc.constantFrom('a', ':', '@', '/', '?', '%', ',', '=', '[', ' ')})
    fc.assert(
      fc.property(part, part, part, (before, between, after) => {
        const url = `nats://user${before}:${between}${secret}@${after}`
        const shown = (() => {
          try {
            const {url: named, flag} = parseTarget({url})
            return named + flag
          } catch (thrown) {
            return thrown instanceof ClawError ? `${thrown.message}${thrown.suggestions.join()}` : String(thrown)
          }
        })()
        expect(shown).not.toContain(secret)
      }),
      {seed: 3, numRuns: 2000},
    )
  })
})
