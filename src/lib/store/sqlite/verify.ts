import {setImmediate} from 'node:timers/promises'
import type {VerifyFault, VerifyOptions, VerifyResult} from '../port.ts'
import {isErasing} from './erased.ts'
import type {LogFile} from './log-file.ts'
import {positionOf} from './position.ts'
import {checkStructure} from './structure.ts'
import {judgeAnchor} from './verify-anchor.ts'
import {endsOf, type Held, judgeCounts, judgeEnd, strays} from './verify-ends.ts'
import {judgeErasures} from './verify-erased.ts'
import {changed, missing, swapped} from './verify-faults.ts'
import type {ChainedRow} from './verify-row.ts'
import {chainedRows, judgeRow, trueLinks} from './verify-row.ts'

/** After so many faults the log is not worth a longer list. */
const mostFaults = 100
/** Looking for where an event went reads the whole log, so it is done for the first faults only. */
const mostSearches = 5

/**
 * Walks the hash chain from where the log begins to its head: every event that is missing, changed or at another's
 * place is named, and so is what an anchor, a record of an erasure or the log's own counts do not agree with. Memory
 * stays constant; others may append, prune and erase meanwhile. What it cannot see without an anchor: somebody who
 * could write the file and computed all of the chain anew.
 */
export async function verifyLog(file: LogFile, {anchor, signal}: VerifyOptions = {}): Promise<VerifyResult> {
  const start = endsOf(file.reader())
  const faults: VerifyFault[] = []
  const held: Held = {events: 0, bytes: 0, erased: 0, lastStoredAt: undefined}
  let seq = start.seq
  // After a fault it is open which link was the true one: the next event may follow any of these.
  let links = new Set([start.link])
  let searches = 0
  const anchored = judgeAnchor(anchor, start, faults)
  for await (const row of walk(file, start.seq, start.lastSeq, signal)) {
    if (faults.length >= mostFaults) break
    take(held, row)
    if (row.seq === seq) {
      faults.push(changed(seq, 'this event is there, although it is said to be erased'))
      continue
    }
    if (row.seq > seq + 1) {
      const {seq: pruned, link} = endsOf(file.reader())
      if (pruned < row.seq - 1) faults.push(missing(seq + 1, row.seq - 1))
      links = new Set(pruned === row.seq - 1 ? [link] : [])
    }
    seq = row.seq
    const verdict = judgeRow(row, links)
    const before = links
    links = verdict.links
    anchored.note(seq, links)
    if (verdict.fault === undefined) continue
    const mayHaveMoved = verdict.isOutOfPlace && searches++ < mostSearches
    const moved = mayHaveMoved ? await findMoved(file, row, before, {...start, signal}) : undefined
    faults.push(moved ? swapped(row.seq, moved.seq) : changed(row.seq, verdict.fault))
    if (moved) links = trueLinks(moved, row.seq, before)
  }
  if (faults.length < mostFaults) {
    faults.push(...judgeEnd(file.reader(), seq, links, start), ...strays(file.reader()), ...judgeErasures(file, start))
  }
  // What is missing or too much is counted wrong as a matter of course.
  if (faults.length === 0) faults.push(...judgeCounts(file.reader(), held, start))
  if (faults.length === 0) await checkStructure(file, signal)
  const {events, erased} = held
  faults.sort((a, b) => (a.position < b.position ? -1 : Number(a.position > b.position)))
  return {ok: faults.length === 0, chained: true, events, erased, faults, notes: notesOn(file, start.seq)}
}

function take(held: Held, {body, storedAt}: ChainedRow): void {
  held.lastStoredAt = storedAt
  if (body === undefined) held.erased++
  else {
    held.events++
    held.bytes += Buffer.byteLength(body)
  }
}

/** All rows of a range, in pieces: a transaction open for minutes would make the -wal file grow. */
async function* walk(
  file: LogFile,
  after: number,
  last: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChainedRow> {
  for (let seq = after; seq < last; ) {
    const rows = chainedRows(file.reader(), seq, last)
    if (rows.length === 0) return
    yield* rows
    seq = rows.at(-1)!.seq
    await setImmediate()
    signal?.throwIfAborted()
  }
}

/** The event whose content belongs where `row` is: with its own link, or with the one that was left in the place. */
async function findMoved(
  file: LogFile,
  row: ChainedRow,
  links: ReadonlySet<string>,
  {seq, lastSeq, signal}: {seq: number; lastSeq: number; signal?: AbortSignal},
): Promise<ChainedRow | undefined> {
  for await (const other of walk(file, seq, lastSeq, signal)) {
    if (other.seq === row.seq) continue
    const fitting = trueLinks(other, row.seq, links)
    if (fitting.has(other.chain) || fitting.has(row.chain)) return other
  }
  return undefined
}

function notesOn(file: LogFile, pruned: number): string[] {
  const notes: string[] = []
  if (pruned > 0) notes.push(`the chain begins after position ${positionOf(pruned)}: what was before is pruned`)
  if (isErasing(file.reader())) {
    notes.push('an erasure was cut off, so the file may still hold content: run `claw-events stream erase` again')
  }
  return notes
}
