import {ClawError} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import {storeClosed} from '../closed.ts'
import type {EventStore, FollowOptions, ReadRange} from '../port.ts'
import {tallyOf} from '../tally.ts'
import {createAppender} from './append.ts'
import {boundsOf} from './bounds.ts'
import {countRows} from './count.ts'
import {describeLog, storeUrl} from './describe.ts'
import {storeFault} from './faults.ts'
import {followEvents} from './follow.ts'
import {lastSeq} from './head.ts'
import {openLogFile} from './log-file.ts'
import {positionOf, seqOf} from './position.ts'
import type {Query} from './read.ts'
import {readEvents} from './read.ts'
import {catchUpText, matchExpression} from './text-index.ts'
import {createWatch} from './watch.ts'
import {createWriter} from './write.ts'

export interface SqliteStoreOptions {
  /** Change nothing, not even the text index; the log must be there. */
  readOnly?: boolean
  /** Epoch milliseconds, for `storedAt`. */
  now?: () => number
  /** How long an append waits for another program's lock before it fails with STORE_LOCKED. */
  busyMs?: number
}

/** Opens the embedded log at `path`, and makes it (0600, in a directory 0700) when it is not there. */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<EventStore> {
  const {readOnly = false, now = Date.now, busyMs = 10_000} = options
  const file = await openLogFile(path, {readOnly, busyMs})
  const writer = createWriter(file)
  const appender = createAppender(writer, now)
  const watch = createWatch(path)
  const closing = new AbortController()
  let closed: Promise<void> | undefined

  function assertOpen(): void {
    if (closed) throw storeClosed(storeUrl(path))
  }

  /** Runs a call on the file as it is now, and says of every failure what it means for the log. */
  async function guarded<T>(call: () => T | Promise<T>): Promise<T> {
    assertOpen()
    try {
      if (file.isReplaced()) await file.reopen({make: false})
      return await call()
    } catch (thrown) {
      assertOpen()
      throw storeFault(thrown, path)
    }
  }

  async function queryOf(filter: Filter): Promise<Query> {
    return {filter, test: await compileFilter(filter), findText: () => findText(filter)}
  }

  async function findText({text}: Filter): Promise<string | undefined> {
    const match = text ? matchExpression(text) : undefined
    if (match === undefined) return undefined
    try {
      await catchUpText(file, writer)
      return match
    } catch (thrown) {
      // The index cannot be brought up to date now: the events themselves tell the same, only slower.
      if (thrown instanceof ClawError && withoutIndex.has(thrown.code)) return undefined
      throw thrown
    }
  }

  async function* read(filter: Filter, range: ReadRange = {}): AsyncGenerator<StoredEvent> {
    const bounds = await guarded(() => boundsOf(range, lastSeq(file.reader())))
    const query = await guarded(() => queryOf(filter))
    let left = range.limit || Number.POSITIVE_INFINITY
    try {
      for await (const event of readEvents(file, query, bounds)) {
        yield event
        assertOpen()
        if (--left === 0) return
      }
    } catch (thrown) {
      assertOpen()
      throw storeFault(thrown, path)
    }
  }

  async function* follow(filter: Filter, options: FollowOptions): AsyncGenerator<StoredEvent> {
    const {from} = options
    const after = await guarded(() => (from === undefined ? lastSeq(file.reader()) : seqOf(from)))
    const signal = AbortSignal.any([options.signal, closing.signal])
    const ear = watch.listen()
    try {
      yield* followEvents(file, await guarded(() => queryOf(filter)), after, ear, {...options, signal})
    } catch (thrown) {
      if (!closed) throw storeFault(thrown, path)
    } finally {
      ear.close()
    }
  }

  return {
    async append(events) {
      assertOpen()
      const result = await appender.append(events)
      watch.wake()
      return result
    },
    read,
    follow,
    async count(filter, by) {
      const tally = await guarded(async () => {
        const match = filter.where ? undefined : await findText(filter)
        return countRows(file.reader(), filter, by, match)
      })
      return tally ?? tallyOf(read(filter), by)
    },
    async head() {
      const seq = await guarded(() => lastSeq(file.reader()))
      return seq === 0 ? undefined : positionOf(seq)
    },
    describe() {
      return guarded(() => describeLog(file))
    },
    close() {
      closed ??= appender.settled().then(() => {
        closing.abort()
        file.close()
      })
      return closed
    },
  }
}

const withoutIndex = new Set(['STORE_READ_ONLY', 'STORE_LOCKED', 'STORE_FULL'])
