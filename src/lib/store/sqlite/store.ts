import {setImmediate} from 'node:timers/promises'
import type {EventStore} from '../port.ts'
import {tallyOf} from '../tally.ts'
import {createAppender} from './append.ts'
import {countRows} from './count.ts'
import {describeLog} from './describe.ts'
import {followLog} from './follow.ts'
import {lastSeq} from './head.ts'
import {openLogFile} from './log-file.ts'
import {positionOf} from './position.ts'
import {readLog} from './read.ts'
import {createSession} from './session.ts'
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
  const session = createSession(file, writer, closing.signal)
  const {guarded} = session

  async function close(): Promise<void> {
    closing.abort()
    await appender.settled()
    watch.close()
    file.close()
  }

  let closed: Promise<void> | undefined

  return {
    async append(events, appendOptions) {
      session.assertOpen()
      const result = await appender.append(events, appendOptions)
      watch.wake()
      return result
    },
    read: (filter, range = {}) => readLog(session, filter, range),
    follow: (filter, followOptions) => followLog(session, watch, filter, followOptions),
    async count(filter, by, {signal} = {}) {
      const pause = async () => {
        await setImmediate()
        signal?.throwIfAborted()
        session.assertOpen()
      }
      const tally = await guarded(async () => {
        const {findText} = await session.queryOf(filter, signal)
        return countRows(file, filter, by, {match: filter.where ? undefined : await findText(), pause})
      }, signal)
      return tally ?? tallyOf(readLog(session, filter, {signal}), by)
    },
    async head() {
      const seq = await guarded(() => lastSeq(file.reader()))
      return seq === 0 ? undefined : positionOf(seq)
    },
    describe: () => guarded(() => describeLog(file)),
    close() {
      closed ??= close()
      return closed
    },
  }
}
