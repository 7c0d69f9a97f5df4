import {readFileSync} from 'node:fs'
import {ClawError, Exit, messageOf} from '../../errors.ts'
import {encodeToken} from './subjects.ts'

export interface NatsOptions {
  /** `nats://` or `tls://`, `[user:password@|token@]host[:port][,host…][?stream=S&prefix=P&agent=A&api=P]`. */
  url: string
  stream?: string
  prefix?: string
  /** A per-agent configuration: the prefix is this agent's own, so subjects do not name the agent. */
  agent?: string
  credsFile?: string
  nkeyFile?: string
  /** Paths of PEM files. */
  tls?: {ca?: string; cert?: string; key?: string}
  /** How long opening may take. */
  connectTimeoutMs?: number
}

/** Where a store is, with everything that is needed to get there. Only `url` and `flag` may be shown to people. */
export interface NatsTarget {
  /** Without secrets. */
  url: string
  /** How a command is told of this very store: the URL as it was given, without secrets. */
  flag: string
  /** `host:port` of each server. */
  servers: string[]
  user?: string
  password?: string
  token?: string
  isTls: boolean
  stream: string
  prefix: string
  agent?: string
  /** What subjects of the JetStream API begin with: another account's may be imported under another name. */
  api: string
  /** What reply subjects begin with: a user's own, so that it need not be allowed to hear the replies to others. */
  inbox: string
}

/** An agent's own subjects lie beside those of the log that all share: no two streams may take the same subject. */
const defaults = {stream: 'openclaw-events', prefix: 'openclaw.events', agentPrefix: 'openclaw.agents'} as const
const defaultApi = '$JS.API'
const parameterNames = ['stream', 'prefix', 'agent', 'api']
/** No `@` behind the hosts: what is before the last one may be a password that somebody forgot to escape. */
const form = /^(nats|tls):\/\/(?:([^/?#]*)@)?([^@/?#]+)\/?(?:\?([^#@]*))?$/i

/** Reads the options; what the URL says about stream, prefix and agent wins. STORE_URL says what is wrong. */
export function parseTarget(options: NatsOptions): NatsTarget {
  const [, scheme = '', userInfo, hosts = '', query = ''] = form.exec(options.url) ?? []
  if (scheme === '')
    throw wrongUrl(options.url, 'it is not of the form nats:// or tls://, user:password@, hosts, ?query')
  const parameters = new URLSearchParams(query)
  const unknown = [...parameters.keys()].filter((name) => !parameterNames.includes(name))
  if (unknown.length > 0) {
    throw wrongUrl(options.url, `it does not take "${unknown[0]}", only stream, prefix, agent and api`)
  }
  const agent = parameters.get('agent') ?? options.agent
  const own = agent === undefined ? undefined : encodeToken(agent)
  const stream =
    parameters.get('stream') ??
    options.stream ??
    (agent === undefined ? defaults.stream : `${defaults.stream}-${nameToken(agent)}`)
  const prefix =
    parameters.get('prefix') ?? options.prefix ?? (own ? `${defaults.agentPrefix}.${own}` : defaults.prefix)
  if (!/^[^\s.*>/\\]+$/.test(stream)) throw wrongUrl(options.url, `"${stream}" cannot be the name of a stream`)
  const api = parameters.get('api') ?? defaultApi
  for (const start of [prefix, api]) {
    if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(start)) throw wrongUrl(options.url, `"${start}" cannot begin a subject`)
  }
  const login = credentialsOf(userInfo)
  return {
    url: maskedUrl(options.url),
    flag: storeFlag(options.url, {
      ...(options.agent !== undefined && named(options)),
      ...Object.fromEntries(parameters),
    }),
    servers: hosts.split(',').map((host) => serverOf(host, options.url)),
    ...login,
    isTls: scheme.toLowerCase() === 'tls' || options.tls !== undefined,
    stream,
    prefix,
    agent,
    api,
    inbox: login.user === undefined ? '_INBOX' : inboxOf(login.user),
  }
}

/**
 * A text as the name, or a part of it, of a stream, an account or a user. A `%` in the name of a stream makes servers
 * before 2.10 send acknowledgement subjects that no client can read.
 */
export function nameToken(text: string): string {
  return encodeToken(text).replaceAll('%', '=')
}

/** What a command needs to be told of one agent's own log, beside its server. */
function named({stream, prefix, agent}: NatsOptions): Record<string, string | undefined> {
  return {stream, prefix, agent}
}

/** What subjects of replies to a user begin with. */
export function inboxOf(user: string): string {
  return `_INBOX.${encodeToken(user)}`
}

/** How a command is told of a log, quoted for a shell, to which `?` and `&` mean something. Without secrets. */
export function storeFlag(url: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const masked = maskedUrl(url)
  const query = queryOf(parameters)
  return `--store ${query === '' ? masked : `'${masked}${query}'`}`
}

/** The end of a store URL, from its `?` on; empty when there is nothing to say. */
export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const query = Object.entries(parameters)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("'", '%27')}`)
    .join('&')
  return query === '' ? '' : `?${query}`
}

function serverOf(host: string, url: string): string {
  if (!/^(\[[0-9a-f:.%]+\]|[^\s:[\]]+)(:\d+)?$/i.test(host)) throw wrongUrl(url, `"${host}" is no host`)
  const port = /:(\d+)$/.exec(host.replace(/^\[.*\]/, ''))?.[1]
  if (port === undefined) return `${host}:4222`
  if (Number(port) < 1 || Number(port) > 65_535) throw wrongUrl(url, `a port is a number from 1 to 65535, not ${port}`)
  return host
}

function credentialsOf(userInfo: string | undefined): Pick<NatsTarget, 'user' | 'password' | 'token'> {
  if (!userInfo) return {}
  const colon = userInfo.indexOf(':')
  if (colon < 0) return {token: unescaped(userInfo)}
  return {user: unescaped(userInfo.slice(0, colon)), password: unescaped(userInfo.slice(colon + 1))}
}

/** A `%` that begins no escape stands for itself: passwords are often pasted as they are. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch (thrown) {
      if (thrown instanceof URIError) return escapes
      throw thrown
    }
  })
}

/** The URL without password or token, and without its query. Works on anything, since it serves error messages. */
function maskedUrl(url: string): string {
  const at = url.lastIndexOf('@')
  const rest = url.slice(Math.max(at, 0)).replace(/[?#].*$/s, '')
  if (at < 0) return rest
  const start = url.indexOf('://') + 3
  const userInfo = url.slice(start, at)
  const colon = userInfo.indexOf(':')
  const shown = colon < 0 ? '***' : `${userInfo.slice(0, colon)}:***`
  return `${url.slice(0, start)}${shown}${rest}`
}

function wrongUrl(url: string, why: string): ClawError {
  return new ClawError('STORE_URL', `cannot use the store URL ${maskedUrl(url)}: ${why}`, {
    exit: Exit.usage,
    suggestions: [
      'write nats://[user:password@]host:4222, with ?stream=NAME&prefix=SUBJECT where they are not the usual',
    ],
  })
}

/** A file that a connection needs; CONFIG_INVALID names it when it cannot be read. */
export function readSecretFile(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (thrown) {
    throw new ClawError('CONFIG_INVALID', `cannot read the ${what} ${path}: ${messageOf(thrown)}`, {exit: Exit.usage})
  }
}
