import {describe, expect, it} from 'vitest'
import {addressKind} from '../../src/lib/net/address.ts'
import {checkUrl} from '../../src/lib/net/destination.ts'
import {HttpFault} from '../../src/lib/net/http-fault.ts'

describe('addressKind', () => {
  it.each([
    [
      'public',
      [
        '1.1.1.1',
        '93.184.216.34',
        '100.63.255.255',
        '100.128.0.0',
        '172.15.0.1',
        '172.32.0.1',
        '2606:4700::1111',
        '64:ff9b::101:101',
        '2002:101:101::',
      ],
    ],
    [
      'private',
      [
        '127.0.0.1',
        '127.255.255.254',
        '10.0.0.1',
        '172.16.0.1',
        '172.31.255.255',
        '192.168.1.1',
        '100.64.0.1',
        '::1',
        'fc00::1',
        'fd12:3456::1',
        '::ffff:127.0.0.1',
        '::ffff:a00:1',
        '::127.0.0.1',
        '64:ff9b::10.0.0.1',
        '2002:7f00:1::',
      ],
    ],
    [
      'special',
      [
        '0.0.0.0',
        '0.1.2.3',
        '169.254.169.254',
        '169.254.0.1',
        '100.100.100.200',
        '168.63.129.16',
        '192.0.0.192',
        '224.0.0.1',
        '255.255.255.255',
        '::',
        'fe80::1',
        'fe80::1%eth0',
        'ff02::1',
        'fd00:ec2::254',
        '::ffff:169.254.169.254',
        '64:ff9b::a9fe:a9fe',
        'localhost',
        '',
      ],
    ],
  ] as const)('knows %s addresses', (kind, addresses) => {
    for (const address of addresses) expect(addressKind(address), address).toBe(kind)
  })
})

describe('checkUrl', () => {
  it.each([
    'http://127.0.0.1:3000/x',
    'http://10.1.2.3/',
    'https://192.168.1.1/',
    'http://[::1]:9/',
    'https://example.com/x',
    'HTTP://EXAMPLE.com',
    'http://user:pass@127.0.0.1/',
  ])('lets %s through', (url) => {
    expect(checkUrl(url).href).toMatch(/^http/)
  })

  it.each([
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://%31%32%37.0.0.1/',
    'http://１２７.0.0.1/',
    'http:\\\\127.0.0.1/',
  ])('refuses a private address in a spelling that nobody uses by accident: %s', (url) => {
    expect(kindOf(() => checkUrl(url))).toBe('address')
    expect(checkUrl(url, {allowPrivate: true}).protocol).toBe('http:')
  })

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
    'http://0.0.0.0:80/',
    'http://[::]/',
    'http://100.100.100.200/',
    'http://0251.0376.0251.0376/',
    'http://2852039166/',
  ])('refuses the link-local, metadata and unspecified address %s', (url) => {
    expect(kindOf(() => checkUrl(url))).toBe('address')
  })

  it.each(['ftp://example.com', 'file:///etc/passwd', 'javascript:alert(1)', 'example.com', '', 'http://'])(
    'refuses %s',
    (url) => {
      expect(kindOf(() => checkUrl(url))).toBe('url')
    },
  )
})

function kindOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof HttpFault ? error.kind : String(error)
  }
}
