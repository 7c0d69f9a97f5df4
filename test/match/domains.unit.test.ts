import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {compileDomains, DomainFault} from '../../src/lib/match/domains.ts'
import {readHost} from '../../src/lib/match/hosts.ts'

function lists(entry: string, url: string): boolean {
  const reading = readHost(url)
  return reading.kind === 'host' && compileDomains([entry]).has(reading.host)
}

describe('domain lists', () => {
  it.each([
    ['example.com', 'https://example.com/a'],
    ['example.com', 'https://a.b.example.com'],
    ['example.com', 'https://EXAMPLE.com./'],
    ['example.com', 'https://user:pw@example.com:8443/'],
    ['Example.COM.', 'https://example.com'],
    [' example.com ', 'https://example.com'],
    ['example.com:8443', 'https://example.com/'],
    ['https://example.com/path', 'https://example.com/'],
    ['*.example.com', 'https://a.example.com'],
    ['.example.com', 'https://a.b.example.com'],
    ['com', 'https://example.com'],
    ['bücher.de', 'https://bücher.de/'],
    ['BÜCHER.de', 'https://xn--bcher-kva.de/'],
    ['xn--bcher-kva.de', 'https://bücher.de/'],
    ['example.com', 'https://ｅｘａｍｐｌｅ.com/'],
    ['example.com', 'https://ex%61mple.com/'],
    ['example.com', 'https://exam\nple.com'],
    ['example.com', '  https://example.com'],
    ['example.com', 'https:\\\\example.com\\x'],
    ['example.com', 'foo://EXAMPLE.com/x'],
    ['127.0.0.1', 'http://2130706433/'],
    ['127.0.0.1', 'http://0x7f.1/'],
    ['127.0.0.1', 'http://0177.0.0.1/'],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/'],
    ['127.0.0.1', 'http://127.1'],
    ['::1', 'http://[::1]:80/'],
    ['[0:0:0:0:0:0:0:1]', 'http://[::1]/'],
    ['10.0.0.0/8', 'http://10.1.2.3/'],
    ['10.0.0.0/8', 'http://[::ffff:10.1.2.3]/'],
    ['169.254.0.0/16', 'http://169.254.169.254/latest'],
    ['fc00::/7', 'http://[fd12::1]/'],
  ])('%s has the host of %s', (entry, url) => assert.ok(lists(entry, url)))

  it.each([
    ['example.com', 'https://notexample.com'],
    ['example.com', 'https://example.com.evil.net/'],
    ['example.com', 'https://example.com@evil.net/'],
    ['*.example.com', 'https://example.com'],
    ['.example.com', 'https://notexample.com'],
    ['0.0.1', 'http://127.0.0.1'],
    ['10.0.0.0/8', 'https://10.example.com/'],
    ['10.0.0.0/8', 'http://11.0.0.1/'],
    ['1', 'http://0.0.0.2'],
  ])('%s does not have the host of %s', (entry, url) => assert.ok(!lists(entry, url)))

  it.each(['', ' ', '*', '*.*', 'a b', '1.2.3.4/33', 'fc00::/129', 'exa*mple.com', 'http://'])(
    'refuse the entry %j',
    (entry) => {
      assert.throws(() => compileDomains([entry]), DomainFault)
    },
  )

  it.each([
    ['example.com/a', 'broken'],
    ['http://', 'broken'],
    ['evil.net:443/x', 'broken'],
    ['localhost:3000', 'broken'],
    ['//evil.net/x', 'broken'],
    ['file:///etc/passwd', 'none'],
    ['data:text/html,x', 'none'],
    ['javascript:alert(1)', 'none'],
    ['  ', 'absent'],
    [['https://example.com'], 'absent'],
    [undefined, 'absent'],
  ])('the host of %j is %s', (value, kind) => assert.equal(readHost(value).kind, kind))

  it('read the usual URLs without the parser exactly as the parser would', () => {
    const piece = fc.constantFrom(
      'a',
      'example',
      '.',
      '.',
      '-',
      '1',
      '0x7f',
      'com',
      ':',
      '8',
      '@',
      '/',
      '?',
      '#',
      '\\',
      'xn--',
      '%',
      'É',
      ' ',
    )
    fc.assert(
      fc.property(fc.constantFrom('https://', 'http://'), fc.array(piece, {maxLength: 8}), (scheme, pieces) => {
        const url = scheme + pieces.join('')
        const parsed = URL.parse(url)
        const reading = readHost(url)
        if (reading.kind !== 'host') return
        assert.equal(reading.host, parsed?.hostname.replace(/\.$/, ''))
      }),
      {numRuns: 5000, seed: 3},
    )
  })
})
