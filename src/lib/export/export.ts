import {ClawError} from '../errors.ts'
import type {Position, StoredEvent} from '../event/envelope.ts'
import {toView, type ViewFormat, viewFormats} from '../event/views.ts'
import {everything, type Filter} from '../filter/filter.ts'
import type {Manifest} from '../input/manifest.ts'
import type {EventStore, LostEvents, StoreDescription} from '../store/port.ts'

export const exportFormats = [...viewFormats, 'otlp'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ExportOptions {
  filter: Filter
  format: ExportFormat
  /** Only what comes after this position. */
  after?: Position
  /** In traces, params, results and messages, too. */
  withContent?: boolean
  signal?: AbortSignal
  onProgress?: (progress: {events: number; total?: number}) => void
}

/** What was exported: the part of a manifest that does not depend on a file. */
export type ExportTally = Pick<
  Manifest,
  'count' | 'lines' | 'types' | 'first' | 'last' | 'lastEventId' | 'through' | 'chainHead'
> & {lost: LostEvents[]; lostEvents: number}

/** Stretches that are listed; the rest is counted. */
const listedStretches = 1000
const progressEvery = 256

/**
 * Gives each event that the log holds now, one line each, to `line`. What of a damaged log cannot be read is passed
 * over and told in `lost`.
 */
export async function exportEvents(
  store: EventStore,
  line: (text: string) => Promise<void>,
  options: ExportOptions,
): Promise<ExportTally> {
  const {filter, after, signal, onProgress} = options
  const about = await describeLog(store)
  const {through} = about
  const total = isEverything(options) ? about.events : undefined
  const tally: Counts = {
    ...empty(),
    through: through ?? after ?? '',
    ...(about.chainHead && {chainHead: about.chainHead}),
  }
  const writer = await lineWriter(options)
  const write = async (lines: Iterable<string>) => {
    for (const text of lines) {
      await line(text)
      tally.lines++
    }
  }
  const onLost = (lost: LostEvents) => {
    tally.lostEvents += lost.events
    if (tally.lost.length < listedStretches) tally.lost.push(lost)
  }
  for await (const event of store.read(filter, {from: after, to: through, onLost, signal})) {
    signal?.throwIfAborted()
    count(tally, event)
    if (through === undefined) tally.through = event.position
    await write(writer.add(event))
    if (tally.count % progressEvery === 0) onProgress?.({events: tally.count, total})
  }
  signal?.throwIfAborted()
  await write(writer.end())
  return {...tally, types: Object.fromEntries(tally.types)}
}

/** The log as it is now, and up to where it is to be read; as much of that as a damaged one can still tell. */
export async function describeLog(store: EventStore): Promise<LogState> {
  try {
    const about = await store.describe()
    return {...about, through: about.chainHead?.position ?? (await store.head())}
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || thrown.code !== 'STORE_CORRUPT') throw thrown
    return {store: '', stream: '', through: undefined}
  }
}

interface LogState extends Pick<StoreDescription, 'store' | 'stream' | 'chainHead'> {
  events?: number
  through: Position | undefined
}

interface Counts extends Omit<ExportTally, 'types'> {
  types: Map<string, number>
}

function empty(): Omit<Counts, 'through'> {
  return {count: 0, lines: 0, types: new Map(), first: null, last: null, lastEventId: null, lost: [], lostEvents: 0}
}

function count(tally: Counts, {type, position, eventId}: StoredEvent): void {
  tally.count++
  tally.types.set(type, (tally.types.get(type) ?? 0) + 1)
  tally.first ??= position
  tally.last = position
  tally.lastEventId = eventId
}

function isEverything({filter, after}: ExportOptions): boolean {
  return after === undefined && Object.keys(filter).length === Object.keys(everything).length
}

/** Lines of events: one each, or, of traces, one for each run when it is complete. */
interface LineWriter {
  add(event: StoredEvent): Iterable<string>
  end(): Iterable<string>
}

async function lineWriter({format, withContent = false}: ExportOptions): Promise<LineWriter> {
  if (format !== 'otlp') return viewWriter(format)
  const {createTraceWriter} = await import('./otlp.ts')
  return createTraceWriter({withContent})
}

function viewWriter(format: ViewFormat): LineWriter {
  return {add: (event) => [JSON.stringify(toView(event, format))], end: () => []}
}
