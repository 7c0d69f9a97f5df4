import type {StoredEvent} from '../../event/envelope.ts'
import {compileFilter, type EventTest} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {ReadRange} from '../port.ts'
import type {Delivered} from './consumer.ts'
import {createDecode, type Decode, positionOf, sequenceOf} from './decode.ts'
import {deliver} from './deliver.ts'
import {failureOf} from './failures.ts'
import type {Link} from './link.ts'
import {subjectsToRead} from './pushdown.ts'
import type {SubjectGrammar} from './subjects.ts'

/** How long a read waits for a server that is restarted. */
const readPatienceMs = 10_000

export interface ReadContext {
  link: Link
  grammar: SubjectGrammar
  /** Aborts when the store is closed, or the call is to end. */
  closing: AbortSignal
}

/** Stored events of a range. What is appended after the call began is not part of it. */
export function readEvents(context: ReadContext, filter: Filter, range: ReadRange = {}): AsyncGenerator<StoredEvent> {
  const {order, signal} = range
  const own = signal ? {...context, closing: AbortSignal.any([context.closing, signal])} : context
  return order === 'desc' ? downwards(own, filter, range) : upwards(own, filter, range)
}

/** What a read comes to: sequences after `after` up to `to`. */
interface Source {
  after: number
  to: number
  most: number
  matches: EventTest
  decode: Decode
  onSkipped: (seq: number) => void
  messages(after: number, to: number): AsyncGenerator<readonly Delivered[]>
}

/** Undefined when there is nothing to read. */
async function sourceOf(context: ReadContext, filter: Filter, range: ReadRange): Promise<Source | undefined> {
  const {link, grammar, closing} = context
  const {from = '', to, limit = 0, onSkipped} = range
  closing.throwIfAborted()
  const matches = await compileFilter(filter)
  try {
    const {created, state} = await link.streamInfo()
    const last = Math.min(state.last_seq, to === undefined ? Number.POSITIVE_INFINITY : sequenceOf(to))
    const after = Math.max(sequenceOf(from), state.first_seq - 1)
    if (state.messages === 0 || after >= last) return undefined
    const wanted = await subjectsToRead(link, grammar, filter)
    if (wanted === 'nothing') return undefined
    const options = {created, subjects: wanted.subjects, patienceMs: readPatienceMs, signal: closing}
    return {
      after,
      to: last,
      most: limit || Number.POSITIVE_INFINITY,
      matches,
      decode: createDecode(link.target.stream),
      onSkipped: (seq) => onSkipped?.(positionOf(seq)),
      messages: (after, to) => deliver(link, {...options, after, to}),
    }
  } catch (thrown) {
    closing.throwIfAborted()
    throw failureOf(thrown, link.target)
  }
}

async function* upwards(context: ReadContext, filter: Filter, range: ReadRange): AsyncGenerator<StoredEvent> {
  const source = await sourceOf(context, filter, range)
  if (!source) return
  const {closing} = context
  const {decode, matches, messages, onSkipped, after, to} = source
  let left = source.most
  for await (const batch of messages(after, to)) {
    for (const delivered of batch) {
      closing.throwIfAborted()
      const event = decode(delivered)
      if (event === undefined) onSkipped(delivered.seq)
      if (event === undefined || !matches(event)) continue
      yield event
      if (--left === 0) return
    }
  }
  closing.throwIfAborted()
}

/** The first window from the end, in sequences; the next ones grow as long as little is found in them. */
const firstWindow = 256
const growth = 4
const widestWindow = 2 ** 20
/** What one window may keep in memory: events, and bytes of their JSON. */
const keptEvents = 4096
const keptBytes = 32 * 2 ** 20

/** Streams can only be read upwards, so this reads windows from the end, each upwards, and turns them round. */
async function* downwards(context: ReadContext, filter: Filter, range: ReadRange): AsyncGenerator<StoredEvent> {
  const source = await sourceOf(context, filter, range)
  if (!source) return
  const {closing} = context
  let left = source.most
  let width = firstWindow
  let high = source.to
  while (high > source.after) {
    const low = Math.max(source.after, high - width)
    const {events, skipped, isCut} = await newestOf(source, low, high, Math.min(left, keptEvents))
    // What did not fit lies below the oldest that was kept, and is read again.
    const end = isCut ? sequenceOf(events[0]!.position) - 1 : low
    for (const seq of skipped) if (seq > end) source.onSkipped(seq)
    for (const event of events.toReversed()) {
      closing.throwIfAborted()
      yield event
      if (--left === 0) return
    }
    closing.throwIfAborted()
    high = end
    if (isCut) width = Math.max(firstWindow, Math.floor(width / growth))
    else if (events.length < keptEvents / growth) width = Math.min(width * growth, widestWindow)
  }
}

/** The newest matching events of a range, in log order; `isCut` when more were found than may be kept. */
async function newestOf(
  {decode, matches, messages}: Source,
  after: number,
  to: number,
  most: number,
): Promise<{events: StoredEvent[]; skipped: number[]; isCut: boolean}> {
  const skipped: number[] = []
  const kept: Array<{event: StoredEvent; bytes: number}> = []
  let bytes = 0
  let isCut = false
  for await (const batch of messages(after, to)) {
    for (const delivered of batch) {
      const event = decode(delivered)
      if (event === undefined) skipped.push(delivered.seq)
      if (event === undefined || !matches(event)) continue
      kept.push({event, bytes: delivered.data.length})
      bytes += delivered.data.length
    }
    let surplus = 0
    while (kept.length - surplus > most || (bytes > keptBytes && kept.length - surplus > 1)) {
      bytes -= kept[surplus++]!.bytes
    }
    isCut ||= surplus > 0
    kept.splice(0, surplus)
  }
  return {events: kept.map(({event}) => event), skipped, isCut}
}
