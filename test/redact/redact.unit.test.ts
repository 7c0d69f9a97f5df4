import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {jsonText} from '../../src/lib/event/json.ts'
import {createRedactor, redactEvent} from '../../src/lib/redact/redact.ts'
import {maskUrl} from '../../src/lib/redact/url.ts'

// Put together at run time, so that no scanner takes this file for a leak.
const key = (prefix: string, length: number) => prefix + 'a1B2c3D4e5'.repeat(20).slice(0, length)
const canary = 'CANARY-7f3e'
const redact = createRedactor()

describe('redaction by key name', () => {
  it('ignores case, dashes, underscores and words before the name, at any depth', () => {
    const names = [
      'token',
      'Access_Token',
      'accessToken',
      'x-token',
      'X-Auth-Token',
      'API_KEY',
      'apiKey',
      'OPENAI_API_KEY',
      'db_password',
      'Set-Cookie',
      'Authorization',
      'clientSecret',
    ]
    for (const name of names) expect(redact({a: [{[name]: canary}]})).toEqual({a: [{[name]: '[REDACTED]'}]})
    const kept = {tokens: 5, tokenCount: 7, maxTokens: 100, keyboard: 'x', passenger: 'y', secretary: 'z'}
    expect(redact(kept)).toEqual(kept)
  })

  it('hides what the configured fields hold, of whatever kind, but not nothing', () => {
    const only = createRedactor({fields: ['content', 'params'], replacement: '***', secrets: false})
    expect(only({content: 'x', params: {a: 1}, newContent: 5, other: null, token: 't'})).toEqual({
      content: '***',
      params: '***',
      newContent: '***',
      other: null,
      token: 't',
    })
    expect(only({content: null})).toEqual({content: null})
  })

  it('hides header values in pairs, in flat lists and in name-value objects', () => {
    const input = {
      pairs: [
        ['Authorization', canary],
        ['Accept', 'json'],
      ],
      list: [
        {name: 'x-api-key', value: canary},
        {name: 'host', value: 'h'},
      ],
      raw: ['Accept', 'json', 'Cookie', canary],
      argv: ['curl', '--token', canary, 'https://example.com'],
    }
    const output = redact(input)
    expect(JSON.stringify(output)).not.toContain(canary)
    expect(output.pairs[1]).toEqual(['Accept', 'json'])
    expect(output.list[1]).toEqual({name: 'host', value: 'h'})
    expect(output.argv).toEqual(['curl', '--token', '[REDACTED]', 'https://example.com'])
  })

  it('looks into JSON inside strings, also inside one another, cut off, in lines and in prose', () => {
    const inner = JSON.stringify({password: canary, ok: 1})
    for (const text of [
      inner,
      JSON.stringify({body: inner}),
      JSON.stringify(inner),
      JSON.stringify({a: JSON.stringify([{b: inner}])}),
      `${inner}\n{"x":1}\n${inner}`,
      `{"ok":1,"password":"${canary}`,
      `result: {"a": 1, "password" : {"deep": ["${canary}"]}} end`,
      `result: ${JSON.stringify(inner)} end`,
      `{"password":"${canary}","password":null}`,
    ]) {
      expect(redact({text}).text).not.toContain(canary)
    }
    expect(redact(`  {"a": 1}`)).toBe(`  {"a": 1}`)
    expect(redact('{"big": 12345678901234567890}')).toBe('{"big": 12345678901234567890}')
  })
})

describe('redaction by shape', () => {
  it.each([
    ['aws-key', `id ${key('AKIA', 0)}${'ABCDEFGH12345678'}`],
    ['github-token', key('ghp_', 36)],
    ['github-token', key('github_pat_', 60)],
    ['gitlab-token', key('glpat-', 20)],
    ['slack-token', key('xoxb-', 40)],
    ['api-key', key('sk-proj-', 40)],
    ['api-key', key('sk-ant-api03-', 60)],
    ['google-key', key('AIza', 35)],
    ['stripe-key', key('sk_live_', 24)],
    ['npm-token', key('npm_', 36)],
    ['webhook-secret', key('whsec_', 32)],
    ['jwt', `${key('eyJ', 20)}.${key('eyJ', 30)}.${key('', 40)}`],
    ['nats-seed', `SU${'A2B3C4D5E6'.repeat(6).slice(0, 56)}`],
    ['private-key', `-----BEGIN OPENSSH PRIVATE KEY-----\n${key('', 60)}\n-----END OPENSSH PRIVATE KEY-----`],
    ['private-key', `-----BEGIN PRIVATE KEY-----\n${key('', 60)}`],
  ])('masks a %s and says so', (kind, secret) => {
    const text = redact(`before ${secret} after`)
    expect(text).toContain(`[REDACTED:${kind}]`)
    expect(text).toContain('before ')
    expect(text).not.toContain('a1B2c3')
    expect(text).not.toContain('12345678')
  })

  it.each([
    `Authorization: Bearer ${canary}`,
    `curl -H "Authorization: Basic ${canary}" https://x`,
    `curl -u admin:${canary} https://x`,
    `bearer ${canary}${canary}`,
    `Cookie: sid=${canary}; other=${canary}`,
    `password=${canary}`,
    `export DB_PASSWORD='${canary} with spaces'`,
    `AWS_SECRET_ACCESS_KEY = ${canary}`,
    `token: ${canary}`,
    `"client_secret": "${canary}"`,
    `{\\"token\\":\\"${canary}\\"}`,
    `mysql --password ${canary} -h host`,
    `https://user:${canary}@example.com/path`,
    `postgres://user:p/${canary}@db.internal/app`,
    `nats://${canary}@host:4222`,
    `https://example.com/?access_token=${canary}&x=1`,
    `//registry.example.com/:_authToken=${canary}`,
    `Server=db;Password=${canary};Port=1`,
  ])('masks the secret of %s', (text) => {
    const masked = redact(text)
    expect(masked).not.toContain(canary)
    expect(masked).toContain('[REDACTED')
    expect(redact(masked)).toBe(masked)
  })

  it.each([
    'the deploy used 500 tokens and 3 keys',
    'https://example.com/path?x=1#y',
    'https://example.com:8080/pkg@1.2.3',
    'passed: 12, failed: 0',
    '2026-11-20T21:00:00.000Z',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'risk-assessment of the task-force',
  ])('leaves %j as it is', (text) => {
    expect(redact(text)).toBe(text)
  })

  it('masks a secret in a key', () => {
    expect(Object.keys(redact({[key('ghp_', 36)]: 1}))).toEqual(['[REDACTED:github-token]'])
  })
})

describe('redaction of any value', () => {
  it('never changes the source and never returns a part of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const source = JSON.parse(JSON.stringify({json, token: json, list: [json]}))
        const before = JSON.stringify(source)
        const output = redact(source)
        expect(JSON.stringify(source)).toBe(before)
        if (typeof source.list[0] === 'object' && source.list[0] !== null)
          expect(output.list[0]).not.toBe(source.list[0])
      }),
    )
  })

  it('redacts shared objects wherever they stand and cuts cycles', () => {
    const shared: Record<string, unknown> = {token: canary}
    expect(redact({a: shared, b: [shared]})).toEqual({a: {token: '[REDACTED]'}, b: [{token: '[REDACTED]'}]})
    shared['self'] = {again: shared}
    expect(redact(shared)).toEqual({token: '[REDACTED]', self: {again: '[Circular]'}})
    let doubled: unknown = {token: canary}
    for (let i = 0; i < 200; i++) doubled = [doubled, doubled]
    expect(redact(doubled)).toBeInstanceOf(Array)
  })

  it('manages a hundred thousand levels, in objects and in a string', () => {
    const text = `${'['.repeat(100_000)}{"token":"${canary}"}${']'.repeat(100_000)}`
    const deep = JSON.parse(text)
    expect(jsonText(redact({deep}))).not.toContain(canary)
    expect(redact({text}).text).not.toContain(canary)
  })

  it('keeps dates, reads errors, maps, sets and own JSON forms, and shows no bytes', () => {
    const error = Object.assign(new Error(`token=${canary}`), {password: canary})
    const input = {
      date: new Date(0),
      error,
      map: new Map([['token', canary]]),
      set: new Set([`Bearer ${canary}${canary}`]),
      url: new URL(`https://u:${canary}@example.com/`),
      bytes: Buffer.from(canary),
      unreadable: Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      }),
      none: undefined,
    }
    const output = redact(input)
    expect(output.date).toEqual(new Date(0))
    expect(jsonText(output)).not.toContain(canary)
    expect(output.unreadable).toEqual({x: '[Unreadable]'})
    expect(error.password).toBe(canary)
  })

  it('copies keys of prototypes as plain data', () => {
    const output = redact(JSON.parse('{"__proto__":{"token":"t"},"constructor":1}'))
    expect(JSON.stringify(output)).toBe('{"__proto__":{"token":"[REDACTED]"},"constructor":1}')
    expect(Object.getPrototypeOf(output)).toBe(Object.prototype)
  })

  it('takes time in proportion to the size, whatever the text', () => {
    const parts = [
      'token',
      'a',
      '\\',
      '"',
      ' ',
      'eyJ',
      '-',
      '.',
      '://',
      'a://b:',
      '@',
      '-----BEGIN ',
      'PRIVATE KEY-----',
      '{"token":',
      'bearer ',
      'sk-',
      '[',
      'SG.',
      'xoxb-',
      '-u a',
      'authorization:',
      '=',
    ]
    for (const one of parts) {
      for (const other of parts) {
        const text = (one + other).repeat(Math.ceil(60_000 / (one.length + other.length)))
        const start = performance.now()
        redact(text)
        expect(performance.now() - start, `${one}${other}`).toBeLessThan(1000)
      }
    }
  }, 120_000)
})

describe('redaction of an event', () => {
  it('keeps the envelope whole, even where a field is named like a part of it', () => {
    const event: ClawEvent = {
      eventId: 'e-1',
      schemaVersion: '1.2.0',
      timestamp: '2026-11-20T21:00:00.000Z',
      type: 'tool.called',
      eventCategory: 'tool',
      eventName: 'before_tool_call',
      source: 'plugin-hook',
      agentId: 'main',
      correlationId: 'c',
      visibility: 'internal',
      error: {message: `token=${canary}`},
      data: {type: canary, params: {password: canary}},
      metadata: {note: `Bearer ${canary}${canary}`},
      result: canary,
    }
    const output = redactEvent(event, createRedactor({fields: ['type', 'data', 'agentId', 'result']}))
    expect(JSON.stringify(output)).not.toContain(canary)
    expect(output).toMatchObject({
      type: 'tool.called',
      agentId: 'main',
      data: {type: '[REDACTED]'},
      result: '[REDACTED]',
    })
  })
})

describe('maskUrl', () => {
  it.each([
    ['nats://user:pass@host:4222', 'nats://***@host:4222'],
    ['nats://token@host', 'nats://***@host'],
    ['tls://u:p@ss@host:1', 'tls://***@host:1'],
    ['postgres://u:p/w@host/db', 'postgres://***@host/db'],
    ['cannot reach nats://u:p@a:4222,nats://u:p@b:4222 now', 'cannot reach nats://***@a:4222,nats://***@b:4222 now'],
    ['https://h/x?token=abc&y=1', 'https://h/x?token=***&y=1'],
    ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
    ['https://h:80/pkg@1', 'https://h:80/pkg@1'],
    ['sqlite:/x/events.db', 'sqlite:/x/events.db'],
  ])('%s -> %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked)
  })
})
