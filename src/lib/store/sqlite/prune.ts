import type {Position} from '../../event/envelope.ts'
import type {PruneRequest} from '../port.ts'
import type {Connection} from './connection.ts'
import {trimContext} from './context-trim.ts'
import {countErased, hasErased} from './erased.ts'
import {logRow, readHead, writeHead} from './head.ts'
import type {LogFile} from './log-file.ts'
import {seqOf} from './position.ts'
import {emptyWal} from './wal.ts'
import type {Writer} from './write.ts'
import {createWriter, turnMs} from './write.ts'

/**
 * Removes the oldest events, in pieces that keep no writer waiting, together with all that the indexes say of them, and
 * gives the space back. The chain of what is left begins at the last event that was removed (`log.pruned_*`).
 */
export async function pruneLog(file: LogFile, request: PruneRequest): Promise<{removed: number; left: number}> {
  const {events} = readHead(file.reader())
  const cut = cutOf(file.reader(), request)
  const first = prunedSeq(file.reader())
  if (request.dryRun || cut <= first) {
    // Sequence numbers are without gaps but for erased events, so the difference is the number of events.
    const removed = cut <= first ? 0 : cut - first - countErased(file.reader(), first, cut)
    return {removed, left: events - removed}
  }
  const writer = createWriter(file)
  let removed = 0
  while (prunedSeq(file.reader()) < cut) removed += await writer.write((connection) => prunePiece(connection, cut))
  await forgetWords(writer)
  await trimContext(file, writer)
  await shrink(file, writer)
  return {removed, left: readHead(file.reader()).events}
}

function prunedSeq(connection: Connection): number {
  return Number(logRow(connection, 'pruned_seq')['pruned_seq'])
}

/** The last sequence number to remove. */
function cutOf(connection: Connection, {storedBefore, maxBytes, keepFrom}: PruneRequest): number {
  const byTime = storedBefore === undefined ? 0 : lastStoredBefore(connection, storedBefore)
  const byBytes = maxBytes === undefined ? 0 : lastOverBytes(connection, maxBytes)
  return Math.min(Math.max(byTime, byBytes), lastBefore(keepFrom))
}

function lastBefore(position: Position | undefined): number {
  return position === undefined ? Number.POSITIVE_INFINITY : seqOf(position) - 1
}

/** Times of storage never fall, so the place is found by halving. */
function lastStoredBefore(connection: Connection, time: number): number {
  let before = prunedSeq(connection)
  let after = readHead(connection).seq + 1
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    const row = connection.sql('SELECT stored_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1').get(middle)
    if (row && Number(row['stored_at']) < time) before = middle
    else after = middle
  }
  return before
}

function lastOverBytes(connection: Connection, maxBytes: number): number {
  let excess = readHead(connection).bytes - maxBytes
  let last = prunedSeq(connection)
  if (excess <= 0) return last
  for (const row of connection.sql('SELECT seq, octet_length(body) AS bytes FROM events ORDER BY seq').iterate()) {
    last = Number(row['seq'])
    excess -= Number(row['bytes'])
    if (excess <= 0) break
  }
  return last
}

const piece = 100

/** Removes events until the turn is over or the cut is reached; says how many. */
function prunePiece(connection: Connection, cut: number): number {
  const {sql} = connection
  const end = performance.now() + turnMs
  const head = readHead(connection)
  const eventsBefore = head.events
  let from = prunedSeq(connection)
  while (from < cut && performance.now() < end) {
    const to = Math.min(from + piece, cut)
    const sum = sql('SELECT total(octet_length(body)) AS bytes FROM events WHERE seq > ? AND seq <= ?').get(from, to)
    moveAnchor(connection, to)
    head.events -= Number(sql('DELETE FROM events WHERE seq > ? AND seq <= ?').run(from, to).changes)
    head.bytes -= Number(sum?.['bytes'])
    sql('DELETE FROM words WHERE rowid > ? AND rowid <= ?').run(from, to)
    from = to
  }
  sql('UPDATE words_state SET last_seq = max(last_seq, ?)').run(from)
  writeHead(connection, head)
  return eventsBefore - head.events
}

/** What is left begins after this event. If it is missing, the last one before it that is there keeps the anchor. */
function moveAnchor(connection: Connection, seq: number): void {
  const links = ['SELECT chain FROM events WHERE seq = ?1']
  if (hasErased(connection)) links.push('SELECT chain FROM erased WHERE seq = ?1')
  const link = links.map((select) => `(${select})`).join(', ')
  connection.sql(`UPDATE log SET pruned_seq = ?1, pruned_chain = coalesce(${link}, pruned_chain)`).run(seq)
}

/**
 * A deleted row of the text index is only marked: its words stay in the file until its part of the index is merged.
 * A negative number makes everything one merge, the positive ones after it go on with that.
 */
async function forgetWords(writer: Writer): Promise<void> {
  let pages = -20
  await inTurns(writer, ({sql}) => {
    const changes = () => Number(sql('SELECT total_changes() AS changes').get()?.['changes'])
    const before = changes()
    sql(`INSERT INTO words (words, rank) VALUES ('merge', ?)`).run(pages)
    pages = 20
    return changes() - before < 2
  })
}

/** Gives free pages back to the disk, so that nothing of what was removed stays in them either. */
async function shrink(file: LogFile, writer: Writer): Promise<void> {
  await inTurns(writer, ({db, sql}) => {
    db.exec('PRAGMA incremental_vacuum(50)')
    return Number(sql('PRAGMA freelist_count').get()?.['freelist_count']) === 0
  })
  // A reader that never ends is no reason to fail: the next checkpoint will come.
  await emptyWal(file)
}

/** Repeats a small step until it says that nothing is left to do. */
async function inTurns(writer: Writer, step: (connection: Connection) => boolean): Promise<void> {
  for (let isDone = false; !isDone; ) {
    isDone = await writer.write((connection) => {
      const end = performance.now() + turnMs
      while (performance.now() < end) if (step(connection)) return true
      return false
    })
  }
}
