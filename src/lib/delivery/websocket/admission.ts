import type {IncomingHttpHeaders} from 'node:http'
import {isLoopback} from '../../config/checks.ts'
import type {WebSocketSettings} from '../../config/schema/security.ts'
import {compileAddressList, compileOriginTest, isLoopbackHost} from './addresses.ts'
import {fullRights, type Rights} from './rights.ts'
import {createTokenCheck} from './tokens.ts'

/** What of an HTTP request decides. */
export interface Caller {
  headers: IncomingHttpHeaders
  url?: string
  address?: string
}

export interface Refusal {
  status: 401 | 403 | 404
  /** For the caller and the log: no tokens, nothing of the query. */
  reason: string
}

export interface Admission {
  /** Whether this address may speak to us at all. */
  knows(caller: Caller): boolean
  /** Decides before the connection becomes a WebSocket. */
  admit(caller: Caller): Rights | Refusal
}

/** A request with one of these came from somewhere else than its connection. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/**
 * Who may connect. Without a token only programs and pages of this machine, on a loopback address and where no token
 * is asked for; with a wrong token nobody, and from an address or an origin that is not allowed nobody either.
 */
export function createAdmission(settings: WebSocketSettings): Admission {
  const {allowedIps, allowedOrigins, authToken, tokens, requireAuth, bindAddress} = settings
  const isListed = compileAddressList(allowedIps)
  const isAllowedOrigin = compileOriginTest(allowedOrigins)
  const checkToken = createTokenCheck(settings)
  const hasTokens = authToken !== undefined || tokens.length > 0
  const needsToken = requireAuth || !isLoopback(bindAddress)

  const knows = ({address = ''}: Caller) => allowedIps.length === 0 || isListed(address)

  function admit(caller: Caller): Rights | Refusal {
    const {headers, url = ''} = caller
    if (!knows(caller)) return refused(403, 'this address is not in security.ws.allowedIps')
    if (!/^\/(?:\?|$)/.test(url)) return refused(404, 'there is nothing at this path; the events are at /')
    // Browsers of an older protocol version had a name of their own for it.
    const origins = [headers.origin, headers['sec-websocket-origin']].flatMap((origin) => origin ?? [])
    if (!origins.every(isAllowedOrigin)) return refused(403, 'this Origin is not in security.ws.allowedOrigins')
    const rights = hasTokens ? checkToken(caller) : 'none'
    if (rights === 'wrong') return refused(401, 'the token is wrong')
    return rights === 'none' ? admitWithoutToken(headers) : rights
  }

  function admitWithoutToken(headers: IncomingHttpHeaders): Rights | Refusal {
    if (needsToken) return refused(401, 'a token is needed')
    if (proxyHeaders.some((name) => headers[name] !== undefined)) {
      return refused(401, 'a token is needed for requests that come through a proxy')
    }
    if (!isLoopbackHost(headers.host)) return refused(403, 'the Host is not this machine')
    return fullRights
  }

  return {knows, admit}
}

function refused(status: Refusal['status'], reason: string): Refusal {
  return {status, reason}
}
