import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {Erasure} from '../erasure.ts'
import {createErasureTally, erasureRecord, eventsToErase} from '../erasure.ts'
import type {EraseRequest, EraseResult} from '../port.ts'
import {insert} from './append.ts'
import type {Connection} from './connection.ts'
import {dropContextTables} from './context-tables.ts'
import {proofOf} from './erase-proof.ts'
import {isErasing, makeErasedTables, markErasing} from './erased.ts'
import {forgetAllText} from './forget-text.ts'
import {lastSeq, readHead, writeHead} from './head.ts'
import type {LogFile} from './log-file.ts'
import {positionOf, seqOf} from './position.ts'
import {readEvents} from './read.ts'
import {scrub} from './scrub.ts'
import type {Writer} from './write.ts'
import {createWriter, turnMs} from './write.ts'

/** Events that are found before the next ones are erased. */
const batchSize = 5000

/**
 * Takes the content of events out of the log, with all that the indexes say of any event: they are made anew when they
 * are used. In place of the content the log keeps its digest, so that the chain stays whole, and an event that says how
 * many were erased. Then the file is written anew.
 */
export async function eraseFromLog(file: LogFile, request: EraseRequest, now: () => number): Promise<EraseResult> {
  const tally = createErasureTally()
  const writer = createWriter(file)
  const to = lastSeq(file.reader())
  const read = (filter: Filter) => readUpTo(file, filter, to, request.signal)
  let erased = 0
  let batch: number[] = []
  const eraseBatch = async () => {
    erased += await eraseSeqs(writer, batch, request, now)
    batch = []
  }
  if (!request.dryRun) file.writer().db.exec('PRAGMA secure_delete = ON')
  for await (const {type, position} of eventsToErase(read, request)) {
    tally.note(type)
    if (request.dryRun) continue
    batch.push(seqOf(position))
    if (batch.length === batchSize) await eraseBatch()
  }
  if (batch.length > 0) await eraseBatch()
  const unfinished = !request.dryRun && isErasing(file.reader()) ? await scrub(file, writer) : undefined
  return {...tally.result(), erased, ...(unfinished !== undefined && {unfinished})}
}

/** Without the text index: that would be brought up to date only to be thrown away. */
async function* readUpTo(file: LogFile, filter: Filter, to: number, signal: AbortSignal | undefined) {
  const query = {filter, test: await compileFilter(filter), findText: async () => undefined}
  yield* readEvents(file, query, {low: 0, high: to, isDescending: false}, signal)
}

async function eraseSeqs(writer: Writer, seqs: readonly number[], request: EraseRequest, now: () => number) {
  let erased = 0
  for (let next = 0; next < seqs.length; ) {
    const piece = await writer.write((connection) => erasePiece(connection, seqs.slice(next), request, now))
    next += piece.taken
    erased += piece.erased
  }
  return erased
}

/** Erases until the turn is over. Each piece has a record of its own, so that the log is whole after every one. */
function erasePiece(connection: Connection, seqs: readonly number[], request: EraseRequest, now: () => number) {
  const {sql} = connection
  const end = performance.now() + turnMs
  makeErasedTables(connection)
  dropContextTables(connection)
  forgetAllText(connection)
  const head = readHead(connection)
  const record = head.seq + 1
  const gone: number[] = []
  let taken = 0
  for (const seq of seqs) {
    taken++
    // Pruned meanwhile, or erased by another process: then there is nothing left to do.
    const bytes = sql('SELECT octet_length(body) AS bytes FROM events WHERE seq = ?').get(seq)?.['bytes']
    if (bytes === undefined) continue
    sql(`INSERT INTO erased SELECT seq, event_id, stored_at, digest, chain, ? FROM events WHERE seq = ?`).run(
      record,
      seq,
    )
    sql('DELETE FROM events WHERE seq = ?').run(seq)
    head.bytes -= Number(bytes)
    gone.push(seq)
    if (performance.now() > end) break
  }
  if (gone.length === 0) return {taken, erased: 0}
  markErasing(connection, true)
  head.events -= gone.length
  const erasure: Erasure = {
    erased: gone.length,
    first: positionOf(gone[0]!),
    last: positionOf(gone.at(-1)!),
    request,
  }
  insert(connection, erasureRecord(erasure, {proof: proofOf(connection, record)}, now()), head, now)
  writeHead(connection, head)
  return {taken, erased: gone.length}
}
