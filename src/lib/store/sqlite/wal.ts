import type {LogFile} from './log-file.ts'
import {pause} from './pause.ts'

/**
 * Moves everything from the -wal file into the log and empties it. That waits for readers to come to an end, but not
 * for ever: false when one does not.
 */
export async function emptyWal(file: LogFile): Promise<boolean> {
  const deadline = performance.now() + file.busyMs
  while (file.writer().sql('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] !== 0) {
    if (performance.now() > deadline) return false
    await pause(20)
  }
  return true
}
