import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {parseStoreUrl} from '../../src/lib/config/store-url.ts'
import {ClawError} from '../../src/lib/errors.ts'

const home = '/home/ada'
const parse = (url: string, base?: string) => parseStoreUrl(url, {base, home})

function errorOf(url: string): ClawError {
  try {
    parse(url)
  } catch (error) {
    if (error instanceof ClawError) return error
  }
  throw new Error(`${url} was taken for a store URL`)
}

describe('a store URL', () => {
  it.each([
    ['sqlite:/var/events.db', '/var/events.db'],
    ['sqlite:///var/events.db', '/var/events.db'],
    ['sqlite:events.db', path.resolve('events.db')],
    ['sqlite:log', path.resolve('log')],
    ['sqlite:~/events.db', '/home/ada/events.db'],
    ['./events.db', path.resolve('events.db')],
    ['/var/events.db', '/var/events.db'],
  ])('%s names the file %s', (url, file) => {
    expect(parse(url)).toEqual({kind: 'sqlite', path: file})
  })

  it('of the configuration starts in the directory that is given', () => {
    expect(parse('sqlite:events.db', '/var/claw')).toEqual({kind: 'sqlite', path: '/var/claw/events.db'})
  })

  it.each([
    'nats://localhost',
    'nats://localhost:4222',
    'nats://user:pass@localhost:4222',
    'nats://token@localhost:4222',
    'tls://a.example:4222,b.example:4222',
    'nats://[::1]:4222',
    'nats://[fe80::99999]',
    'NATS://localhost:4222/',
    'nats://localhost:4222?stream=other&prefix=other.events&agent=main',
  ])('%s names a server and is passed on whole', (url) => {
    expect(parse(url)).toEqual({kind: 'nats', url})
  })

  it.each([
    ['', 'it names no kind of store'],
    ['memory:', 'it names no kind of store'],
    ['events.txt', 'it names no kind of store'],
    ['https://example.com', 'it starts with https://'],
    ['sqlite:', 'it names no file'],
    ['sqlite://host/events.db', 'a path has one slash or three'],
    ['nats://', 'it names no host'],
    ['nats://user:pass@', 'it names no host'],
    ['nats://a b:4222', 'it names no host'],
    ['nats://localhost:port', 'it names no host'],
    ['nats://localhost:99999', 'a port is a number from 1 to 65535, not 99999'],
    ['nats://localhost:0', 'a port is'],
    ['tls://a:4222,[::1]:123456', 'not 123456'],
    ['nats:localhost', 'it is not nats://'],
    ['nats://localhost/stream', 'it is not nats://'],
    ['nats://localhost?streem=x', 'not streem'],
  ])('%j is none, and the error says why and what is accepted', (url, reason) => {
    const error = errorOf(url)
    expect(error).toMatchObject({code: 'STORE_URL', exit: 2})
    expect(error.message).toContain(reason)
    expect(error.suggestions).toEqual(['accepted: sqlite:PATH, PATH.db, nats://HOST:4222 or tls://HOST:4222'])
  })

  it.each([
    'http://user:hunter2@host',
    'nats://user:hunter2@',
    'nats://user:hun/hunter2@host',
    'nats://user:hunter2#x@host',
    'nats://hunter2@host/path',
    'nats://user:hunter2@host?foo=1',
    'nats://user:hunter2@a:1,b:x',
    'nats//user:hunter2@host',
    'user:hunter2@host',
  ])('%s never shows its password in an error', (url) => {
    const {message, suggestions} = errorOf(url)
    expect(`${message} ${suggestions.join(' ')}`).not.toContain('hunter2')
  })
})
