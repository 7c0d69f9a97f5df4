import {createHash, timingSafeEqual} from 'node:crypto'
import type {IncomingHttpHeaders} from 'node:http'
import type {WebSocketSettings} from '../../config/schema/security.ts'
import {fullRights, limitedRights, type Rights} from './rights.ts'

export interface TokenSource {
  headers: IncomingHttpHeaders
  url?: string
}

/** What a browser says that it speaks; beside it stands a protocol that carries the token. */
export const protocolName = 'claw-events'
const tokenProtocol = 'claw-events.token.'

/** The rights that a request's tokens give; `wrong` when it has some and none is known, `none` when it has none. */
export type TokenCheck = (request: TokenSource) => Rights | 'wrong' | 'none'

/**
 * One known token is enough, wherever it stands and whatever stands elsewhere: a proxy may put an `Authorization` of
 * its own beside ours. Every known token is compared, in a time that does not depend on where they differ.
 */
export function createTokenCheck({authToken, tokens}: Pick<WebSocketSettings, 'authToken' | 'tokens'>): TokenCheck {
  const known: Array<{digest: Buffer; rights: Rights}> = [
    ...(authToken === undefined ? [] : [{digest: digestOf(authToken), rights: fullRights}]),
    ...tokens.map((limited) => ({digest: digestOf(limited.token), rights: limitedRights(limited)})),
  ]
  return (request) => {
    const given = tokensOf(request)
    if (given.length === 0) return 'none'
    const found = given.flatMap((token) => {
      const digest = digestOf(token)
      return known.filter((one) => timingSafeEqual(one.digest, digest))
    })
    return found[0]?.rights ?? 'wrong'
  }
}

/** In the order in which they count: our header, `Authorization`, the protocol, the query. */
function tokensOf({headers, url = ''}: TokenSource): string[] {
  const own = headers['x-event-plugin-token']
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('token') : null
  return [typeof own === 'string' ? own : undefined, bearer, protocolToken(headers), query].filter(
    (token): token is string => typeof token === 'string' && token !== '',
  )
}

function protocolToken(headers: IncomingHttpHeaders): string | undefined {
  const carrier = protocolsOf(headers).find((protocol) => protocol.startsWith(tokenProtocol))
  return carrier && Buffer.from(carrier.slice(tokenProtocol.length), 'base64url').toString()
}

function protocolsOf(headers: IncomingHttpHeaders): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
}

/** The protocol that is agreed on: ours, else the first that carries no token, which does not belong in an answer. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(protocolName)) return protocolName
  const [first] = offered
  return [...offered].find((protocol) => !protocol.startsWith(tokenProtocol)) ?? first ?? false
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
