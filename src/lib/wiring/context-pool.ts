import type {StoreLocation} from '../config/store-settings.ts'
import {messageOf} from '../errors.ts'
import {type OpenContext, type OpenContextOptions, openContext} from './open-context.ts'

/** Contexts that stay open between turns, each brought up to date by one at a time. */
export interface ContextPool {
  /**
   * What an agent's context is selected from, with everything that the log held at the call. Goes on when nobody waits
   * any more, so that whoever asks next has it sooner.
   */
  fresh(agentId: string): Promise<OpenContext>
  /** Why the last attempt for an agent failed; undefined after one that did not. */
  failure(agentId: string): string | undefined
  /** Breaks off what goes on and releases everything; the next call opens anew. */
  close(): Promise<void>
}

export type ContextPoolOptions = Pick<OpenContextOptions, 'stateDir' | 'replacement' | 'confidential' | 'pieceMs'>

/** Contexts that stay open; the one that was used longest ago is closed for a new one. */
const mostOpen = 32

interface Entry {
  opened?: OpenContext
  /** What goes on now, and what begins after it for those who asked meanwhile. */
  running?: Promise<OpenContext>
  next?: Promise<OpenContext>
  /** Why the last attempt failed. */
  failure?: string
  stop: AbortController
}

export function createContextPool(location: StoreLocation, options: ContextPoolOptions): ContextPool {
  const entries = new Map<string, Entry>()
  /** The embedded log has one index for all agents. */
  const nameOf = (agentId: string) => (location.kind === 'sqlite' ? '' : agentId)

  function entryOf(agentId: string): Entry {
    const name = nameOf(agentId)
    const entry = entries.get(name) ?? {stop: new AbortController()}
    entries.delete(name)
    entries.set(name, entry)
    const [oldest] = entries.keys()
    if (entries.size > mostOpen && oldest !== undefined) void closeEntry(oldest)
    return entry
  }

  function start(entry: Entry, agentId: string): Promise<OpenContext> {
    entry.next = undefined
    entry.running = bringUpToDate(entry, agentId).finally(() => {
      entry.running = undefined
    })
    return entry.running
  }

  async function bringUpToDate(entry: Entry, agentId: string): Promise<OpenContext> {
    const {signal} = entry.stop
    signal.throwIfAborted()
    try {
      if (entry.opened) await entry.opened.refresh({signal, pieceMs: options.pieceMs})
      else {
        entry.opened = await openContext(location, {
          ...options,
          agentId,
          signal,
          whenMissing: 'create',
          whenUnwritable: 'fail',
        })
      }
      entry.failure = undefined
      return entry.opened
    } catch (error) {
      entry.failure = messageOf(error)
      const broken = entry.opened
      entry.opened = undefined
      await broken?.close().catch(() => undefined)
      throw error
    }
  }

  async function closeEntry(name: string): Promise<void> {
    const entry = entries.get(name)
    entries.delete(name)
    entry?.stop.abort(new Error('it was closed'))
    await (entry?.next ?? entry?.running)?.catch(() => undefined)
    await entry?.opened?.close().catch(() => undefined)
  }

  return {
    fresh(agentId) {
      const entry = entryOf(agentId)
      const {running} = entry
      if (running === undefined) return start(entry, agentId)
      entry.next ??= running.catch(() => undefined).then(() => entry.running ?? start(entry, agentId))
      return entry.next
    },
    failure: (agentId) => entries.get(nameOf(agentId))?.failure,
    async close() {
      await Promise.all([...entries.keys()].map(closeEntry))
    },
  }
}
