import net from 'node:net'
import {afterEach, describe, expect, it, vi} from 'vitest'
import {openBench} from '../fixtures.ts'
import {notes, sinkFor, sinksFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const patience = {timeout: 15_000, interval: 10}

const privateIpv4 = ['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.5.4', '192.168.1.1', '100.64.0.1']
const specialIpv4 = [
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
]

/** Other ways to write an IPv4 address in a URL, all of which lead to it. */
function spellingsOf(address: string): string[] {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
  const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  const hex = (value: number) => value.toString(16)
  const octal = (value: number) => `0${value.toString(8)}`
  const words = `${hex((a << 8) | b)}:${hex((c << 8) | d)}`
  const hosts = [
    String(number),
    `0x${hex(number)}`,
    `0X${hex(number).toUpperCase()}`,
    octal(number),
    [a, b, c, d].map(octal).join('.'),
    [a, b, c, d].map((part) => `0x${hex(part)}`).join('.'),
    `${octal(a)}.${b}.0x${hex(c)}.${d}`,
    `${a}.${(b << 16) | (c << 8) | d}`,
    `${a}.${b}.${(c << 8) | d}`,
    `0x${hex(a)}.${b}.${(c << 8) | d}`,
    `00${octal(a)}.${b}.${c}.${d}`,
    `${address}.`,
    `%3${String(a)[0]}${address.slice(1)}`,
    address.replaceAll('.', '%2e'),
    address.replaceAll('.', '。'),
    [...address].map((char) => (char === '.' ? char : String.fromCodePoint(char.charCodeAt(0) + 0xfee0))).join(''),
    `[::ffff:${address}]`,
    `[::FFFF:${words}]`,
    `[0:0:0:0:0:ffff:${words}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${words}]`,
    `[2002:${words}::]`,
    `[2002:${words}:1:2:3:4:5:6]`,
  ]
  return hosts.flatMap((host) => [`http://${host}/`, `https://${host}/hook`])
}

/** Ways around a look at the text, for an address that is then still written the usual way. */
function decoysOf(address: string): string[] {
  return [
    `http://example.com@${address}/`,
    `http://example.com:80@${address}/`,
    `http://${address}/?host=example.com`,
    `http://${address}#@example.com/`,
  ]
}

const privateIpv6 = ['[::1]', '[fc00::1]', '[fd12:3456::1]']
const refusedIpv6 = [
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::0001]',
  '[::0.0.0.1]',
  '[FC00::1]'.replace('FC00::1', 'fc00:0::1'),
  '[fe80::1]',
  '[FE80::A]',
  '[febf::1]',
  '[ff02::1]',
  '[::]',
  '[0::0]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '[2001:db8::1]',
  '[2001:0::1]',
  '[100::1]',
  '[64:ff9b:1::a00:1]'.replace('64:ff9b:1::a00:1', '64:ff9b:1:0::a00:1'),
]

afterEach(() => vi.restoreAllMocks())

describe('addresses in the configuration', () => {
  const allowed = [
    ...privateIpv4.flatMap((address) => [`http://${address}/`, ...decoysOf(address)]),
    ...privateIpv6.map((host) => `http://${host}/`),
  ]
  const refused = [
    ...[...privateIpv4, ...specialIpv4].flatMap(spellingsOf),
    ...specialIpv4.flatMap((address) => [`http://${address}/`, `https://${address}:8443/`, ...decoysOf(address)]),
    ...refusedIpv6.map((host) => `http://${host}/`),
  ].filter((url) => URL.canParse(url))

  it('lead nowhere unless they are private and written the usual way, before any connection is begun', async () => {
    expect(new Set(refused).size).toBeGreaterThan(600)
    const begun: string[] = []
    vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args: unknown[]) {
      begun.push(hostOf(args))
      process.nextTick(() => this.destroy(new Error('no packet leaves a test')))
      return this
    })
    const bench = await openBench()
    await bench.store.append(notes(1))
    const urls = [...allowed, ...refused]
    const sinks = await sinksFor({webhooks: urls.map((url, index) => ({url, name: `e${index}`}))})
    const runs = sinks.map((sink) => bench.start(sink))
    const statuses = () => sinks.map((sink) => sink.status())
    await vi.waitFor(() => {
      expect(
        statuses()
          .slice(allowed.length)
          .filter(({state}) => state !== 'failed'),
      ).toEqual([])
      expect(
        statuses()
          .slice(0, allowed.length)
          .filter(({failed}) => failed === 0),
      ).toEqual([])
    }, patience)
    for (const {reason} of statuses().slice(allowed.length)) expect(reason).toContain('is not a public address')
    await Promise.all(runs.map(({stop}) => stop()))
    const plain = [...privateIpv4, ...privateIpv6.map((host) => host.slice(1, -1))]
    expect(new Set(begun)).toEqual(new Set(plain))
  })
})

describe('names', () => {
  const addresses = [
    ...privateIpv4,
    ...specialIpv4,
    ...[...privateIpv4, ...specialIpv4].map((address) => `::ffff:${address}`),
    ...[...privateIpv4, ...specialIpv4].map((address) => `64:ff9b::${address}`),
    ...[...privateIpv6, ...refusedIpv6].map((host) => host.slice(1, -1)),
    'fe80::1%eth0',
  ]

  it('that resolve to private or special addresses get no packet, over http or https', async () => {
    const attempts: string[] = []
    const connect = net.Socket.prototype.connect
    vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args: unknown[]) {
      this.on('connectionAttempt', (address: string) => attempts.push(address))
      return Reflect.apply(connect, this, args)
    })
    const bench = await openBench()
    await bench.store.append(notes(1))
    const webhooks = addresses.flatMap((_, index) => [
      {url: `http://n${index}.example/`, name: `a${index}`},
      {url: `https://n${index}.example/`, name: `b${index}`},
      // Another address beside it does not make it better.
      {url: `http://n${index}.two.example/`, name: `c${index}`},
    ])
    const asked = new Set<string>()
    const resolve = async (name: string) => {
      asked.add(name)
      const address = addresses[Number(/\d+/.exec(name))]!
      const own = {address, family: net.isIP(address.replace(/%.*/, ''))}
      return name.includes('.two.') ? [{address: '93.184.216.34', family: 4}, own] : [own]
    }
    const sinks = await sinksFor({webhooks, parts: {resolve}})
    const runs = sinks.map((sink) => bench.start(sink))
    await vi.waitFor(() => expect(sinks.filter((sink) => sink.status().failed === 0)).toEqual([]), patience)
    await Promise.all(runs.map(({stop}) => stop()))
    expect(attempts).toEqual([])
    expect(asked.size).toBe(addresses.length * 2)
    for (const {lastError} of await bench.state.deliveries({})) {
      expect(lastError).toContain('which is not a public address; set allowPrivate to allow it')
    }
    expect(await bench.state.deliveries({state: 'dead'})).toEqual([])
  })

  it('that resolve to a private address are used with allowPrivate, and asked for once a connection', async () => {
    const bench = await openBench()
    const receiver = await startReceiver()
    let asked = 0
    const resolve = async () => {
      asked++
      // What a name that changes its mind would give next.
      return [{address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4}]
    }
    await bench.store.append(notes(1))
    const url = `http://inside.example:${receiver.port}/`
    const {stop} = bench.start(await sinkFor(url, {allowPrivate: true, ordered: true}, {parts: {resolve}}))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), patience)
    await bench.store.append(notes(20, 1))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(21), patience)
    await stop()
    // All over the one connection whose address was checked.
    expect(asked).toBe(1)
    expect(receiver.requests[0]!.headers.host).toBe(`inside.example:${receiver.port}`)
  })
})

function hostOf(args: unknown[]): string {
  const [first] = args.flat()
  const host = typeof first === 'object' && first !== null ? Reflect.get(first, 'host') : first
  return String(host)
}
