import {storeClosed} from '../closed.ts'
import type {ContextIndex, ReadForIndex} from '../context-index.ts'
import {catchUpContext} from './context-feed.ts'
import {otherEdition, readContextState} from './context-tables.ts'
import {contextView} from './context-view.ts'
import {storeUrl} from './describe.ts'
import {guardFaults} from './faults.ts'
import {openLogFile} from './log-file.ts'
import {createWriter} from './write.ts'

export interface ContextIndexOptions {
  /** How long to wait for another program's lock before STORE_LOCKED. */
  busyMs?: number
}

/** Opens the context index of the embedded log at `path`, which must be there. `read` says what events say. */
export async function openSqliteContextIndex(
  path: string,
  read: ReadForIndex,
  {busyMs = 10_000}: ContextIndexOptions = {},
): Promise<ContextIndex> {
  const file = await openLogFile(path, {make: false, busyMs})
  const writer = createWriter(file)
  let isClosed = false

  function assertOpen(): void {
    if (isClosed) throw storeClosed(storeUrl(path))
  }

  return {
    catchUp(options = {}) {
      return guardFaults(path, async () => {
        assertOpen()
        if (file.isReplaced()) await file.reopen({make: false})
        await catchUpContext(file, writer, read, options)
      })
    },
    read(agentId, work) {
      assertOpen()
      const connection = file.reader()
      // One transaction, so that what other processes add meanwhile is not seen in parts.
      connection.db.exec('BEGIN')
      try {
        const edition = readContextState(connection)?.edition
        if (edition !== undefined && edition !== (read.edition ?? 0)) throw otherEdition()
        return work(contextView(connection, agentId))
      } finally {
        connection.db.exec('COMMIT')
      }
    },
    async close() {
      isClosed = true
      file.close()
    },
  }
}
