import {lookup as resolveName} from 'node:dns/promises'
import {isIP, type LookupFunction} from 'node:net'
import {addressKind, embeddedIpv4} from './address.ts'
import {HttpFault} from './http-fault.ts'

export interface Address {
  address: string
  family: number
}

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<Address[]>

export interface DestinationPolicy {
  /** Allow what is refused otherwise: names that resolve to a private address, and link-local addresses. */
  allowPrivate?: boolean
  /** The system's resolver unless given. */
  resolve?: Resolve
}

const systemResolve: Resolve = (name) => resolveName(name, {all: true})

/**
 * The parsed URL of something outside. Throws an `HttpFault` where it is not http(s), or its host is an address that
 * may not be connected to: link-local, metadata and other special ones, and private ones unless they are written the
 * usual way (`127.0.0.1`, not `0x7f.1`, `[::ffff:7f00:1]` or `[64:ff9b::7f00:1]`), since nobody writes the others by
 * accident.
 */
export function checkUrl(text: string, {allowPrivate = false}: DestinationPolicy = {}): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new HttpFault('url', 'it is not a URL with http:// or https://')
  const host = bareHost(url)
  if (isIP(host) === 0 || allowPrivate) return url
  const kind = addressKind(host)
  const isPlain = hostAsWritten(text) === url.hostname && (isIP(host) === 4 || embeddedIpv4(host) === undefined)
  if (kind === 'special' || (kind === 'private' && !isPlain)) throw refused(host)
  return url
}

/**
 * Resolves names for `net.connect`, so that the address that is checked is the address that is connected to. It fails
 * for a name of which any address is private or special.
 */
export function checkedLookup({allowPrivate = false, resolve = systemResolve}: DestinationPolicy = {}): LookupFunction {
  return (name, {all, family}, done) => {
    const answer = (addresses: Address[]) => {
      const wanted = addresses.filter(
        (address) => !family || family === address.family || family === `IPv${address.family}`,
      )
      const [first] = wanted
      if (first === undefined) throw new HttpFault('connection', `${name} has no address`)
      const bad = allowPrivate ? undefined : addresses.find(({address}) => addressKind(address) !== 'public')
      if (bad !== undefined) throw refused(name, bad.address)
      if (all) done(null, wanted)
      else done(null, first.address, first.family)
    }
    resolve(name)
      .then(answer)
      .catch((error) => done(error, '', 0))
  }
}

/** The host without the brackets of IPv6. */
export function bareHost({hostname}: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function hostAsWritten(text: string): string | undefined {
  return /^\s*https?:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:@]*)/i.exec(text)?.[1]?.toLowerCase()
}

function refused(host: string, address?: string): HttpFault {
  const leads =
    address === undefined
      ? `${host} is not a public address`
      : `${host} resolves to ${address}, which is not a public address`
  return new HttpFault('address', `${leads}; set allowPrivate to allow it`)
}
