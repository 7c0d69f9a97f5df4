import {isIP} from 'node:net'
import {domainToASCII} from 'node:url'

/** A host in one spelling: lower case, punycode, no trailing dot, IP addresses in their shortest form, no brackets. */
export type Host = string

/**
 * What a value says about the host it points to: the host, `none` for a URL that has none (`data:`, `file:///x`),
 * `broken` for a text that is no URL at all, `absent` for a blank or anything but a text.
 */
export type HostReading = {kind: 'host'; host: Host} | {kind: 'none' | 'broken' | 'absent'}

const absent: HostReading = {kind: 'absent'}
const broken: HostReading = {kind: 'broken'}
const none: HostReading = {kind: 'none'}

/** Reads the host of a URL as a browser would (WHATWG), whatever its spelling. */
export function readHost(value: unknown): HostReading {
  if (typeof value !== 'string') return absent
  const plain = plainHost(value)
  if (plain !== undefined) return {kind: 'host', host: plain}
  if (value.trim() === '') return absent
  const url = URL.parse(value)
  if (url === null) return broken
  if (url.hostname !== '') return {kind: 'host', host: normalHost(url.hostname)}
  return looksLikeHostAndPort(value) ? broken : none
}

/** `evil.net:443/x` parses as a URL with the scheme `evil.net:`, yet every client connects to evil.net. */
function looksLikeHostAndPort(value: string): boolean {
  return /^[^/:]+:\d{1,5}(?:[/?#]|\s*$)/.test(value) && !/^\s*(?:data|javascript|mailto|tel|about|blob):/i.test(value)
}

/** One spelling for a host name or address that is already free of scheme, port and user. */
export function normalHost(written: string): Host {
  const bare = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written
  if (isIP(bare) === 6) return mappedIpv4(shortIpv6(bare)) ?? shortIpv6(bare)
  const name = decodeHost(bare)
  return name.endsWith('.') ? name.slice(0, -1) : name
}

// A scheme that is not one of the web's leaves the host as it was written: percent signs, capitals, umlauts.
function decodeHost(written: string): string {
  const asWeb = URL.parse(`http://${written}/`)
  return asWeb?.hostname || domainToASCII(written) || written.toLowerCase()
}

function shortIpv6(address: string): string {
  return URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname.slice(1, -1) ?? address.toLowerCase()
}

/** `::ffff:7f00:1` is 127.0.0.1 to every socket. */
function mappedIpv4(address: string): string | undefined {
  const words = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address)
  if (words === null) return undefined
  const [high, low] = [Number.parseInt(words[1]!, 16), Number.parseInt(words[2]!, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/**
 * The host of the commonest URLs (http or https, lower-case ASCII name, no user) without the URL parser, which costs
 * more than the rest of a decision. Whatever could be read in two ways is left to the parser.
 */
export function plainHost(url: string): Host | undefined {
  const start = url.startsWith('https://') ? 8 : url.startsWith('http://') ? 7 : -1
  if (start < 0) return undefined
  let at = start
  let label = start
  for (; at < url.length; at++) {
    const code = url.charCodeAt(at)
    if (code === 46) label = at + 1
    else if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 45)) break
  }
  const stop = url[at]
  if (stop !== undefined && stop !== '/' && stop !== '?' && stop !== '#') return undefined
  // The last label decides between name and number (0x7f.1 is an address); an empty one is a trailing dot.
  const first = url.charCodeAt(label)
  if (label >= at || (first >= 48 && first <= 57)) return undefined
  const host = url.slice(start, at)
  return host.includes('xn--') ? undefined : host
}
