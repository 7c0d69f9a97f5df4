import {createHash} from 'node:crypto'
import path from 'node:path'
import {agentLocation, type NatsLocation, type StoreLocation} from '../config/store-settings.ts'
import {createLexicon} from '../context/lexicon.ts'
import {createMemoryIndex} from '../context/memory-index.ts'
import {createReader} from '../context/reading.ts'
import type {SelectTools} from '../context/select.ts'
import {loadTokenCounter} from '../context/tokens.ts'
import {createAnalyzer} from '../context/words.ts'
import {ClawError} from '../errors.ts'
import type {CatchUpOptions, ContextIndex, ReadForIndex} from '../store/context-index.ts'
import type {EventStore} from '../store/port.ts'
import {mirrorAgent} from './context-mirror.ts'
import {openStore} from './open-store.ts'

export interface OpenContextOptions {
  agentId: string
  /** Where the read model of a log on a server is kept. */
  stateDir: string
  /** What stands for redacted values, where the configuration says other than the default. */
  replacement?: string
  /** Also from confidential events. */
  confidential?: boolean
  /** What to do about an embedded log that is not there yet; default: STORE_MISSING. */
  whenMissing?: 'fail' | 'create'
  /** Where no index can be written: one in memory (the default), which reads all of the log, or the failure itself. */
  whenUnwritable?: 'memory' | 'fail'
  signal?: AbortSignal
  /** The longest that the event loop is held at a time, in milliseconds. */
  pieceMs?: number
  /** Told while the index is brought up to date. */
  onProgress?: (done: number) => void
}

/** All that context selection works with, up to date with the log. */
export interface OpenContext {
  store: EventStore
  index: ContextIndex
  tools: SelectTools
  /** Brings the index up to date again: with the embedded log, or by way of the read model with a server. */
  refresh(options: CatchUpOptions): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the log with its context index and brings that up to date: the index in the embedded log, or in a local read
 * model of one agent's events on a server. Where nothing can be written, an index in memory does the same, slower.
 */
export async function openContext(given: StoreLocation, options: OpenContextOptions): Promise<OpenContext> {
  const location = ownLocation(given, options.agentId)
  const analyzer = createAnalyzer()
  const {replacement, confidential} = options
  const passageOptions = {replacement, confidential}
  const read = createReader(analyzer, passageOptions)
  const store = await openStore(location, {whenMissing: options.whenMissing})
  const closers = [() => store.close()]
  const close = async () => {
    for (const closeOne of closers.reverse()) await closeOne()
  }
  try {
    const [index, counter] = await Promise.all([openIndex({location, store, read}, options), loadTokenCounter()])
    closers.push(() => index.close())
    const tools = {analyzer, lexicon: createLexicon(analyzer), counter, options: passageOptions}
    const refresh = async (catchUp: CatchUpOptions) => {
      if (location.kind === 'nats') {
        await mirrorAgent(store, mirrorPath(location, options, read), {
          agentId: options.agentId,
          read,
          signal: catchUp.signal,
        })
      }
      await index.catchUp(catchUp)
    }
    return {store, index, tools, refresh, close}
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** An agent that is configured with a stream of its own has its events there. */
function ownLocation(location: StoreLocation, agentId: string): StoreLocation {
  const isOwn = location.kind === 'nats' && Object.hasOwn(location.agents, agentId)
  return isOwn ? agentLocation(location, agentId) : location
}

interface Source {
  location: StoreLocation
  store: EventStore
  read: ReadForIndex
}

async function openIndex(source: Source, options: OpenContextOptions): Promise<ContextIndex> {
  try {
    return await openWrittenIndex(source, options)
  } catch (thrown) {
    const isUnwritable = thrown instanceof ClawError && unwritable.has(thrown.code)
    if (!isUnwritable || options.whenUnwritable === 'fail') throw thrown
    const index = createMemoryIndex(source.store, source.read)
    await index.catchUp(options)
    return index
  }
}

const unwritable = new Set(['STORE_READ_ONLY', 'STORE_LOCKED', 'STORE_FULL', 'STORE_MISSING'])

async function openWrittenIndex({location, store, read}: Source, options: OpenContextOptions): Promise<ContextIndex> {
  const {openSqliteContextIndex} = await import('../store/sqlite/context-index.ts')
  const file = location.kind === 'sqlite' ? location.path : mirrorPath(location, options, read)
  if (location.kind === 'nats') await mirrorAgent(store, file, {...options, read})
  const index = await openSqliteContextIndex(file, read)
  try {
    await index.catchUp(options)
    return index
  } catch (thrown) {
    await index.close()
    throw thrown
  }
}

/** One read model for each stream and agent, so that none can look into another's; and for what is read of events. */
function mirrorPath(
  location: NatsLocation,
  {agentId, stateDir}: OpenContextOptions,
  {edition = 0}: ReadForIndex,
): string {
  const {host} = new URL(location.url)
  const whose = [host, location.stream, location.prefix, agentId, ...(edition === 0 ? [] : [edition])]
  const name = createHash('sha256').update(JSON.stringify(whose)).digest('hex')
  return path.join(stateDir, 'claw-events', 'context', `${name.slice(0, 24)}.db`)
}
