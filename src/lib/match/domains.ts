import {BlockList, isIP} from 'node:net'
import {type Host, type HostReading, normalHost, plainHost, readHost} from './hosts.ts'

/** A compiled list of hosts. */
export interface DomainList {
  has(host: Host): boolean
}

/** Why an entry of a domain list can never match. */
export class DomainFault extends Error {}

/**
 * Compiles entries such as `example.com` (the name and all below it), `*.example.com` or `.example.com` (below it
 * only), `10.0.0.0/8`, `::1`. Case, trailing dots, ports, schemes, umlauts and the spellings of addresses do not
 * matter. Throws `DomainFault` for what names no host.
 */
export function compileDomains(entries: readonly string[]): DomainList {
  const names = new Set<string>()
  const below = new Set<string>()
  const ranges = new BlockList()
  let hasRanges = false
  for (const entry of entries) {
    const parsed = parseDomain(entry)
    if (parsed.kind === 'range') {
      ranges.addSubnet(parsed.address, parsed.prefix, isIP(parsed.address) === 6 ? 'ipv6' : 'ipv4')
      hasRanges = true
    } else if (parsed.kind === 'below') below.add(parsed.host)
    else names.add(parsed.host)
  }
  const inRange = (host: Host): boolean => {
    const family = isIP(host)
    return family !== 0 && ranges.check(host, family === 6 ? 'ipv6' : 'ipv4')
  }
  const hasName = names.size + below.size <= 4 ? fewNames(names, below) : manyNames(names, below)
  return {has: hasRanges ? (host) => hasName(host) || inRange(host) : hasName}
}

export type DomainEntry = {kind: 'name' | 'below'; host: Host} | {kind: 'range'; address: string; prefix: number}

/** One entry of a domain list. Throws `DomainFault`. */
export function parseDomain(entry: string): DomainEntry {
  const text = entry.trim()
  const range = /^\[?([0-9a-fA-F.:]+)\]?\/(\d{1,3})$/.exec(text)
  if (range !== null) return parseRange(text, range[1]!, Number(range[2]))
  const below = text.startsWith('*.') || text.startsWith('.')
  const host = hostOfEntry(below ? text.replace(/^\*?\./, '') : text)
  if (host === undefined || host.includes('*'))
    throw new DomainFault(`"${entry}" names no host; write example.com, *.example.com or 10.0.0.0/8`)
  return {kind: below ? 'below' : 'name', host}
}

function parseRange(text: string, address: string, prefix: number): DomainEntry {
  const family = isIP(address)
  if (family === 0 || prefix > (family === 6 ? 128 : 32))
    throw new DomainFault(`"${text}" is not a range of addresses such as 10.0.0.0/8 or fc00::/7`)
  return {kind: 'range', address, prefix}
}

function hostOfEntry(text: string): Host | undefined {
  if (text === '') return undefined
  const plain = plainHost(`http://${text}`)
  if (plain !== undefined && plain.length === text.length) return plain
  if (isIP(text) === 6) return normalHost(text)
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  return url === null || url.hostname === '' ? undefined : normalHost(url.hostname)
}

type HasName = (host: Host) => boolean

/** Addresses have no names above them: 0.0.1 is not above 127.0.0.1. */
function manyNames(names: ReadonlySet<string>, below: ReadonlySet<string>): HasName {
  return (host) => {
    if (names.has(host)) return true
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const parent = host.slice(dot + 1)
      if (names.has(parent) || below.has(parent)) return isIP(host) === 0
    }
    return false
  }
}

function fewNames(names: ReadonlySet<string>, below: ReadonlySet<string>): HasName {
  const exact = [...names]
  const endings = [...names, ...below].map((name) => `.${name}`)
  return (host) => {
    for (const name of exact) if (host === name) return true
    for (const ending of endings) if (host.endsWith(ending)) return isIP(host) === 0
    return false
  }
}

/** The readings of a value: one for a text, one for each element of a list. */
export function readHosts(value: unknown): readonly HostReading[] {
  return Array.isArray(value) ? value.map(readHost) : [readHost(value)]
}
