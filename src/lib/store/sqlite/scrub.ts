import {messageOf} from '../../errors.ts'
import {markErasing} from './erased.ts'
import {isBusy} from './faults.ts'
import type {LogFile} from './log-file.ts'
import {pause} from './pause.ts'
import {waitingSign} from './waiting.ts'
import {emptyWal} from './wal.ts'
import type {Writer} from './write.ts'

const retryMs = 1

/**
 * Writes the whole file anew and empties the -wal file, so that nothing of what was removed is left in either: pages
 * that were split or merged in the past may hold copies of it that no deletion reaches. Other writers wait meanwhile.
 * Returns why it could not be done.
 */
export async function scrub(file: LogFile, writer: Writer): Promise<string | undefined> {
  try {
    await vacuum(file)
  } catch (thrown) {
    return `the file ${file.path} could not be written anew (${messageOf(thrown)}): parts of it may still hold content`
  }
  if (!(await emptyWal(file))) {
    return `another program is reading ${file.path}: its -wal file keeps the content until that reader ends`
  }
  await writer.write((connection) => markErasing(connection, false))
  return undefined
}

async function vacuum(file: LogFile): Promise<void> {
  const deadline = performance.now() + file.busyMs
  const sign = waitingSign(file.path)
  try {
    for (;;) {
      try {
        file.writer().db.exec('VACUUM')
        return
      } catch (thrown) {
        if (!isBusy(thrown) || performance.now() > deadline) throw thrown
      }
      // A busy writer stands back when it sees that somebody waits.
      sign.putUp()
      await pause(retryMs)
    }
  } finally {
    sign.takeDown()
  }
}
