import path from 'node:path'
import {ClawError, Exit} from '../errors.ts'
import {maskLogin} from './secret-keys.ts'
import {expandHome} from './state-dir.ts'

/** What a store URL names. The URL of a server is passed on whole, to the adapter that knows the rest of it. */
export type StoreUrl = {kind: 'sqlite'; path: string} | {kind: 'nats'; url: string}

const forms = 'sqlite:PATH, PATH.db, nats://HOST:4222 or tls://HOST:4222'

/**
 * Reads a store URL. Relative paths start in `base` (default: the working directory). STORE_URL for anything else; its
 * message never holds a password.
 */
export function parseStoreUrl(url: string, {base = '.', home}: {base?: string; home: string}): StoreUrl {
  const read = readStoreUrl(url)
  if (typeof read === 'string') {
    throw new ClawError('STORE_URL', `${JSON.stringify(maskLogin(url))} is no store URL: ${read}`, {
      exit: Exit.usage,
      suggestions: [`accepted: ${forms}`],
    })
  }
  return read.kind === 'sqlite' ? {...read, path: path.resolve(base, expandHome(read.path, home))} : read
}

/** Why a text is no store URL; undefined when it is one. */
export function storeUrlFault(url: string): string | undefined {
  const read = readStoreUrl(url)
  return typeof read === 'string' ? read : undefined
}

function readStoreUrl(url: string): StoreUrl | string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === 'nats' || scheme === 'tls') return serverFault(url) ?? {kind: 'nats', url}
  if (scheme === 'sqlite') return readPath(url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''))
  if (url.endsWith('.db') && !url.includes('://')) return readPath(url)
  return scheme !== undefined && url.includes('://') ? `it starts with ${scheme}://` : 'it names no kind of store'
}

function readPath(file: string): StoreUrl | string {
  if (file.trim() === '') return 'it names no file'
  if (file.startsWith('//')) return 'a path has one slash or three: sqlite:/var/log/events.db'
  return {kind: 'sqlite', path: file}
}

const server = /^(\[[0-9a-f:.%]+\]|[^\s:[\]]+)(:\d+)?$/i

const parameterNames = ['stream', 'prefix', 'agent', 'api']

/** One server, or several of one cluster separated by commas, with a login before them and options behind. */
function serverFault(url: string): string | undefined {
  const found = /^(?:nats|tls):\/\/(?:[^/?#]*@)?([^@/?#]*)\/?(?:\?([^#]*))?$/i.exec(url)
  if (found === null) return 'it is not nats://[user:password@]host:4222 (a password writes / ? # as %2F %3F %23)'
  const [, hosts = '', query = ''] = found
  if (!hosts.split(',').every((host) => server.test(host))) return 'it names no host, or one that is none'
  const port = hosts
    .split(',')
    .map(portOf)
    .find((number) => number < 1 || number > 65_535)
  if (port !== undefined) return `a port is a number from 1 to 65535, not ${port}`
  const unknown = [...new URLSearchParams(query).keys()].find((name) => !parameterNames.includes(name))
  return unknown === undefined ? undefined : `it takes stream, prefix, agent and api behind the "?", not ${unknown}`
}

/** The port of one server, or the usual one where it names none. */
function portOf(host: string): number {
  return Number(/:(\d+)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? 4222)
}
