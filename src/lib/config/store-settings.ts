import {homedir} from 'node:os'
import {parseAge} from '../filter/time.ts'
import {byteSize} from './bytes.ts'
import {checkEventStore} from './event-store-check.ts'
import type {AgentStream, EventStoreSection} from './event-store-forms.ts'
import {eventStoreVariables} from './event-store-variables.ts'
import {configError, type Fault} from './faults.ts'
import {valueAt} from './key-path.ts'
import {type Layer, mergeLayers, originAt} from './layers.ts'
import {readSources, type SourceOptions} from './sources.ts'
import {eventsDbPath, homeDirectory, inStateDirectory} from './state-dir.ts'
import {parseStoreUrl, type StoreUrl} from './store-url.ts'

/** Where the event log is and how to reach it. */
export type StoreLocation = SqliteLocation | NatsLocation

interface Shared {
  /** What named it: a flag, a variable, a file, or `default`. */
  origin: string
  retention: {maxAgeMs?: number; maxBytes?: number}
}

export interface SqliteLocation extends Shared {
  kind: 'sqlite'
  /** Absolute. */
  path: string
}

export interface NatsLocation extends Shared, AgentLogin {
  kind: 'nats'
  /** With the login: never to be shown as it is (`maskUrl`). */
  url: string
  stream?: string
  prefix?: string
  /** Whose own log it is: the prefix is this agent's, and subjects do not name the agent. */
  agent?: string
  tls?: {ca?: string; cert?: string; key?: string}
  /** Agents whose events have a server, a stream or a prefix of their own (`agentLocation`). */
  agents: Readonly<Record<string, AgentStream>>
}

type AgentLogin = Pick<AgentStream, 'credsFile' | 'nkeyFile'>

export interface StoreOptions extends Omit<SourceOptions, 'only' | 'host'> {
  /** `--store`. */
  store?: string
}

/**
 * Where the event log is: `--store`, CLAW_EVENTS_STORE, `eventStore.url` of the configuration (unless
 * `eventStore.enabled` is false), the embedded log of the state directory. Reads only what it needs and does not load
 * the schema. STORE_URL for a bad URL, CONFIG_INVALID with all faults of `eventStore`.
 */
export async function storeSettings({store, ...options}: StoreOptions): Promise<StoreLocation> {
  const home = homeDirectory(options)
  const [named, namedBy] =
    store === undefined ? [options.env['CLAW_EVENTS_STORE'], 'CLAW_EVENTS_STORE'] : [store, '--store']
  const given = named === undefined || (named === '' && store === undefined) ? undefined : parseStoreUrl(named, {home})
  if (given?.kind === 'sqlite' && options.config === undefined)
    return locate(given, {}, {origin: namedBy, stateDir: '', home})
  const {section, stateDir, urlOrigin} = await readEventStore(options)
  if (given !== undefined) return locate(given, section, {origin: namedBy, stateDir, home})
  return storeLocation(section, {stateDir, home, origin: urlOrigin})
}

interface Context {
  stateDir: string
  home?: string
  /** What names the URL, where the section has one. */
  origin?: string
}

/** The location that a checked section `eventStore` describes. */
export function storeLocation(
  section: EventStoreSection,
  {stateDir, home = homedir(), origin}: Context,
): StoreLocation {
  if (section.enabled === false || section.url === undefined) {
    return locate({kind: 'sqlite', path: eventsDbPath(stateDir)}, section, {origin: 'default', stateDir, home})
  }
  const url = parseStoreUrl(section.url, {base: stateDir, home})
  return locate(url, section, {origin: origin ?? 'eventStore.url', stateDir, home})
}

/** The location of one agent's own events: what `eventStore.agents` says of it. The embedded log holds all agents. */
export function agentLocation(location: StoreLocation, agent: string): StoreLocation {
  if (location.kind === 'sqlite') return location
  const written = Object.hasOwn(location.agents, agent) ? location.agents[agent] : undefined
  const {url, streamName, subjectPrefix, credsFile, nkeyFile} = written ?? {}
  const own = {url: url ?? location.url, stream: streamName, prefix: subjectPrefix, agent, agents: {}}
  // An agent with a login of its own never uses that of the others beside it.
  const isOwnLogin = (url ?? credsFile ?? nkeyFile) !== undefined
  return isOwnLogin ? {...location, ...own, credsFile, nkeyFile} : {...location, ...own}
}

async function readEventStore(options: Omit<SourceOptions, 'only' | 'host'>) {
  const {files, faults, stateDir} = await readSources(options)
  const variables = eventStoreVariables(options.env)
  const layers: Layer[] = files.map(({name, values}) => {
    const eventStore = valueAt(values, ['eventStore'])
    return {values: eventStore === undefined ? {} : {eventStore}, originOf: () => ({kind: 'file', name})}
  })
  const merged = mergeLayers([variables.layer, ...layers])
  const {section, faults: ours} = checkEventStore(merged)
  const all: Fault[] = [...faults, ...variables.faults, ...ours]
  if (all.length > 0) throw configError(all)
  const origin = originAt(merged.origins, ['eventStore', 'url'])
  return {section, stateDir, urlOrigin: origin && `${origin.name}: eventStore.url`}
}

function locate(url: StoreUrl, section: EventStoreSection, {origin, stateDir, home}: Required<Context>): StoreLocation {
  const shared = {origin, retention: retentionOf(section)}
  if (url.kind === 'sqlite') return {...url, ...shared}
  const file = (given: string) => inStateDirectory(stateDir, given, home)
  const {streamName, subjectPrefix, tls, agents = {}} = section
  return {
    ...url,
    ...shared,
    stream: streamName,
    prefix: subjectPrefix,
    ...loginOf(section, file),
    tls: tls && Object.keys(tls).length > 0 ? mapValues(tls, file) : undefined,
    agents: mapValues(agents, (agent) => ({...agent, ...loginOf(agent, file)})),
  }
}

function loginOf({credsFile, nkeyFile}: AgentLogin, file: (given: string) => string): AgentLogin {
  return {
    ...(credsFile !== undefined && {credsFile: file(credsFile)}),
    ...(nkeyFile !== undefined && {nkeyFile: file(nkeyFile)}),
  }
}

function mapValues<Value>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

/** Retention in the units that stores take. */
export function retentionOf({retention}: EventStoreSection): {maxAgeMs?: number; maxBytes?: number} {
  const {maxAge, maxBytes} = retention ?? {}
  return {
    maxAgeMs: maxAge === undefined ? undefined : parseAge(maxAge),
    maxBytes: typeof maxBytes === 'string' ? byteSize(maxBytes) : maxBytes,
  }
}
