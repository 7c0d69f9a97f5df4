import {ClawError} from '../../errors.ts'
import type {EventTest} from '../../filter/compile.ts'
import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import {storeClosed} from '../closed.ts'
import {storeUrl} from './describe.ts'
import {storeFault} from './faults.ts'
import type {LogFile} from './log-file.ts'
import {catchUpText, matchExpression} from './text-index.ts'
import type {Writer} from './write.ts'

/** What is asked for: the filter, the same compiled, and the way to the text index (path.ts). */
export interface Query {
  filter: Filter
  test: EventTest
  findText: () => Promise<string | undefined>
}

/** What the calls of one open store share: the file, and what is to be said when one of them fails. */
export interface Session {
  readonly file: LogFile
  /** Aborted when the store is closed. */
  readonly closed: AbortSignal
  assertOpen(): void
  /** Runs a call on the file as it is now; its failure becomes what it means for the log. */
  guarded<T>(call: () => T | Promise<T>, signal?: AbortSignal): Promise<T>
  queryOf(filter: Filter, signal?: AbortSignal): Promise<Query>
}

export function createSession(file: LogFile, writer: Writer, closed: AbortSignal): Session {
  const {path} = file

  function assertOpen(): void {
    if (closed.aborted) throw storeClosed(storeUrl(path))
  }

  return {
    file,
    closed,
    assertOpen,
    async guarded(call, signal) {
      assertOpen()
      signal?.throwIfAborted()
      try {
        if (file.isReplaced()) await file.reopen({make: false})
        return await call()
      } catch (thrown) {
        assertOpen()
        signal?.throwIfAborted()
        throw storeFault(thrown, path)
      }
    },
    async queryOf(filter, signal) {
      return {filter, test: await compileFilter(filter), findText: () => findText(file, writer, filter, signal)}
    },
  }
}

const withoutIndex = new Set(['STORE_READ_ONLY', 'STORE_LOCKED', 'STORE_FULL'])

async function findText(
  file: LogFile,
  writer: Writer,
  {text}: Filter,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const match = text ? matchExpression(text) : undefined
  if (match === undefined) return undefined
  try {
    await catchUpText(file, writer, signal)
    return match
  } catch (thrown) {
    // The index cannot be brought up to date now: the events themselves tell the same, only slower.
    if (thrown instanceof ClawError && withoutIndex.has(thrown.code)) return undefined
    throw thrown
  }
}
