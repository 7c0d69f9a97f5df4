import type {RetentionRequest} from '../port.ts'
import {readHead} from './head.ts'
import type {LogFile} from './log-file.ts'
import {pruneLog} from './prune.ts'
import {logSettings} from './settings.ts'

/** Removal costs a merge of the text index, so it waits until this part of what may be kept is due. */
const portion = 1 / 32

/** Prunes what the limits say, when at least a portion is due: then down to a portion below the size, or to the age. */
export async function applyRetention(
  file: LogFile,
  {keepFrom, ...given}: RetentionRequest,
  now: () => number,
): Promise<{removed: number; left: number}> {
  const remembered = logSettings(file)
  const {maxAgeMs = remembered.maxAgeMs, maxBytes = remembered.maxBytes} = given
  const {bytes, events} = readHead(file.reader())
  const oldest = oldestStoredAt(file)
  const isOld = maxAgeMs > 0 && oldest !== undefined && oldest < now() - maxAgeMs * (1 + portion)
  const isLarge = maxBytes > 0 && bytes > maxBytes
  if (!isOld && !isLarge) return {removed: 0, left: events}
  return pruneLog(file, {
    keepFrom,
    ...(isOld && {storedBefore: now() - maxAgeMs}),
    ...(isLarge && {maxBytes: Math.floor(maxBytes * (1 - portion))}),
  })
}

function oldestStoredAt(file: LogFile): number | undefined {
  const row = file.reader().sql('SELECT stored_at FROM events ORDER BY seq LIMIT 1').get()
  return row && Number(row['stored_at'])
}
