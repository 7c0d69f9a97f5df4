import type {StoredEvent} from '../event/envelope.ts'
import {createRunBook} from '../event/runs/book.ts'
import type {Keep} from '../event/runs/run-fold.ts'
import {spawnIn} from '../event/runs/spawns.ts'
import {type RunNode, runTree} from '../event/runs/tree.ts'
import {timeOf} from '../event/timestamp.ts'
import type {Filter} from '../filter/filter.ts'
import type {EventStore} from '../store/port.ts'

export interface TimelineOptions {
  /** What is kept of params, results and texts. */
  keep: Keep
  signal?: AbortSignal
}

export interface Timeline {
  /** Undefined: the log has no event of the run. */
  run: RunNode | undefined
  /** More events belong to it than are shown. */
  isCut: boolean
}

/** Events of one timeline, and levels of runs that start runs. */
const eventLimit = 100_000
const levelLimit = 10

/** One run, and the runs that it started, put together from the log. */
export async function readTimeline(
  store: EventStore,
  runId: string,
  {keep, signal}: TimelineOptions,
): Promise<Timeline> {
  const book = createRunBook({keep, openLimit: Number.POSITIVE_INFINITY})
  const seen = new Set<string>()
  let isCut = false
  let wanted: Wanted = {runs: [runId], sessions: []}
  for (let level = 0; level < levelLimit && wanted.runs.length + wanted.sessions.length > 0; level++) {
    const events = await readLevel(store, wanted, {seen, signal})
    isCut ||= seen.size >= eventLimit
    for (const event of events) book.add(event)
    wanted = startedIn(events, wanted)
  }
  return {run: runTree([...book.take({all: true})], runId), isCut}
}

interface Wanted {
  runs: string[]
  sessions: string[]
}

interface LevelOptions {
  /** Positions of events that were read. */
  seen: Set<string>
  signal?: AbortSignal
}

/** The events of some runs, and what the host said of children meanwhile, in log order. */
async function readLevel(store: EventStore, {runs, sessions}: Wanted, options: LevelOptions): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  if (runs.length > 0) await collect(store, {runs}, events, options)
  if (sessions.length > 0) await collect(store, {sessions}, events, options)
  const span = spanOf(events)
  if (span) await collect(store, {...span, types: ['subagent.*']}, events, options)
  return events.sort((a, b) => (a.position < b.position ? -1 : 1))
}

async function collect(store: EventStore, filter: Filter, into: StoredEvent[], {seen, signal}: LevelOptions) {
  for await (const event of store.read(filter, {signal})) {
    if (seen.size >= eventLimit) return
    if (seen.has(event.position)) continue
    seen.add(event.position)
    into.push(event)
  }
}

/** The sessions and the time of some events; undefined where they tell neither. */
function spanOf(events: readonly StoredEvent[]): Pick<Filter, 'sessions' | 'since' | 'until'> | undefined {
  const sessions = new Set(events.flatMap(({sessionKey}) => sessionKey ?? []))
  let since = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const event of events) {
    const time = timeOf(event)
    if (Number.isNaN(time)) continue
    since = Math.min(since, time)
    last = Math.max(last, time)
  }
  return sessions.size > 0 && last >= since ? {sessions: [...sessions], since, until: last + 1} : undefined
}

/** The runs that these events tell of and that were not read yet: children, and those that report their ends. */
function startedIn(events: readonly StoredEvent[], {runs}: Wanted): Wanted {
  const children = new Set<string>()
  const sessions = new Set<string>()
  for (const event of events) {
    const spawn = spawnIn(event)
    if (!spawn) continue
    const {childRunId, childSessionKey} = spawn
    sessions.add(childSessionKey)
    if (childRunId === undefined) continue
    children.add(childRunId)
    children.add(`announce:v1:${childSessionKey}:${childRunId}`)
  }
  const known = new Set(runs)
  return {runs: [...children].filter((run) => !known.has(run)), sessions: [...sessions]}
}
