import {BlockList, isIP} from 'node:net'

/**
 * Where an address leads: `public`, `private` (this machine or the network it stands in), or `special`: link-local
 * (cloud metadata), unspecified, multicast, reserved. Ranges: IANA's special-purpose registries for IPv4 and IPv6.
 */
export type AddressKind = 'public' | 'private' | 'special'

const privateRanges = blockList([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['::1', 128],
  ['fc00::', 7],
  ['fec0::', 10],
  ['64:ff9b:1::', 48],
])

const specialRanges = blockList([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // The metadata services that stand in a private range.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['::', 128],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['fe80::', 10],
  ['ff00::', 8],
])

/** What kind of address this is; text that is no address is special. */
export function addressKind(address: string): AddressKind {
  const bare = address.replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 0) return 'special'
  const inner = family === 6 ? embeddedIpv4(bare) : undefined
  if (inner !== undefined) return addressKind(inner)
  const type = family === 6 ? 'ipv6' : 'ipv4'
  if (specialRanges.check(bare, type)) return 'special'
  return privateRanges.check(bare, type) ? 'private' : 'public'
}

/** The IPv4 address that an IPv6 one leads to: mapped, compatible, NAT64 and 6to4. */
export function embeddedIpv4(address: string): string | undefined {
  const words = wordsOf(address)
  const [first, second, third] = words
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
  const isCompatible = words.slice(0, 6).every((word) => word === 0) && (words[6] !== 0 || words[7]! > 1)
  const isNat64 = first === 0x64 && second === 0xff9b && words.slice(2, 6).every((word) => word === 0)
  if (isMapped || isCompatible || isNat64) return dotted(words[6]!, words[7]!)
  return first === 0x2002 ? dotted(second!, third!) : undefined
}

/** The eight words of an IPv6 address. The URL parser writes it in its shortest form, without dots. */
function wordsOf(address: string): number[] {
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head, tail] = short.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const gap = tail === undefined ? [] : Array<string>(8 - head!.length - tail.length).fill('0')
  return [...head!, ...gap, ...(tail ?? [])].map((word) => Number.parseInt(word, 16))
}

function dotted(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function blockList(ranges: ReadonlyArray<[address: string, prefix: number]>): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return list
}
