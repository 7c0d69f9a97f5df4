import {BlockList, isIP} from 'node:net'
import {isLoopback} from '../../config/checks.ts'

/** Whether a client's address is listed, singly or within a range. An IPv4 address may come written as IPv6. */
export function compileAddressList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) {
    const [written = '', bits] = entry.split('/')
    const address = plainAddress(written)
    const family = isIP(address)
    // The range `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
    const shift = family === 4 && isIP(written) === 6 ? 96 : 0
    const prefix = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits) - shift
    if (family !== 0 && prefix >= 0) list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (given) => {
    const address = plainAddress(given)
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** Without a zone, and as IPv4 where it is one. */
function plainAddress(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare
}

/** Whether a `Host` names this machine. A page whose own name was made to resolve to us sends that name. */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host ?? '')?.[1]
  return name !== undefined && isLoopback(name.replace(/\.$/, ''))
}

/** Whether a page of this origin may connect: one of this machine, or a listed one. */
export function compileOriginTest(allowed: readonly string[]): (origin: string) => boolean {
  const listed = new Set(allowed.map(originOf))
  return (origin) => {
    const url = webUrl(origin)
    return listed.has(originOf(origin)) || (url !== undefined && isLoopback(url.hostname))
  }
}

/** In the form that a browser sends; other schemes and `null` as they are. */
function originOf(text: string): string {
  return webUrl(text)?.origin ?? text.toLowerCase()
}

function webUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined
}
