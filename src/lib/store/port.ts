import type {ClawEvent, Position, StoredEvent} from '../event/envelope.ts'
import type {Filter} from '../filter/filter.ts'
import type {Anchor} from './anchor.ts'

/** Before the first event of any log. */
export const logStart: Position = ''

export interface AppendResult {
  appended: number
  /** Events whose id the log already held, or that stood twice in one call. */
  duplicates: number
  /** With `compare`: duplicates that the log holds with other JSON. Absent where the store cannot compare. */
  differing?: DifferingEvent[]
}

export interface DifferingEvent {
  /** Which of the events that were given. */
  index: number
  stored: ClawEvent
}

export interface AppendOptions {
  /**
   * Compare ids with the whole log and not only with what the store remembers by itself. The embedded log always
   * does; JetStream loads the ids it holds once, at the first such call: all of them, or those of a part of the log.
   */
  bulk?: boolean | IdRange
  /** Tell which duplicates differ from what the log holds under their ids. JetStream does not: it knows ids only. */
  compare?: boolean
}

/** The part of a log in which an event may be: what it took in after a position, or since a time by its own clock. */
export type IdRange = {after: Position} | {since: Date}

export interface ReadRange {
  /** Start after this position. */
  from?: Position
  /** End with this position, inclusive. */
  to?: Position
  /** At most this many events; absent or 0: all. */
  limit?: number
  /** Log order (`asc`, the default) or the newest first. */
  order?: 'asc' | 'desc'
  /**
   * Pass over what cannot be read any more, and tell of each stretch, instead of failing with STORE_CORRUPT. In log
   * order only, and where the log is a file here.
   */
  onLost?: (lost: LostEvents) => void
  /** Ends the read, also one that finds nothing, with the signal's reason: what was yielded is then not all. */
  signal?: AbortSignal
  onSkipped?: OnSkipped
}

/** Told of each message that is no event in any dialect, which others left in the log; it is passed over. */
export type OnSkipped = (position: Position) => void

/** Events that the log should hold and cannot give. */
export interface LostEvents {
  first: Position
  last: Position
  events: number
  reason: string
}

export interface Interruptible {
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal
}

/** Whether a follower hears its log: `silent` comes within 5 s of losing it, `live` when it is back. */
export type FollowHealth = {state: 'live'} | {state: 'silent'; reason: string}

export interface FollowOptions {
  /** Start after this position; absent: with what is appended from now on. */
  from?: Position
  /** Ends the iteration, without an error. */
  signal: AbortSignal
  onHealth?: (health: FollowHealth) => void
  onSkipped?: OnSkipped
}

export const groupings = ['type', 'agent', 'session', 'tool', 'hour'] as const
export type Grouping = (typeof groupings)[number]

export interface Tally {
  count: number
  /** Most frequent first, ties by key; hours (`2026-11-20T21:00:00.000Z`) in time order. */
  groups: Array<{key: string; count: number}>
}

export interface Durability {
  /** What an acknowledged append survives for certain. */
  survives: 'nothing' | 'process-kill' | 'power-loss'
  /** One sentence for people: what a power loss may take, and why. */
  detail: string
  replicas?: number
  /** Of a cluster: servers that should have every event, and do not have the newest or cannot be reached. */
  lagging?: string[]
  /** The cluster that the server belongs to: copies can be kept on its other servers. */
  cluster?: string
  /** For how long the store notices by itself that an id comes again. */
  duplicateWindowMs?: number
}

export interface StoreDescription {
  /** The store's URL without secrets. */
  store: string
  stream: string
  kind: 'memory' | 'sqlite' | 'nats'
  events: number
  bytes: number
  first: {position: Position; storedAt: string} | null
  last: {position: Position; storedAt: string} | null
  /** The newest link of the hash chain over all events that were ever appended, where the log keeps one. */
  chainHead?: {position: Position; sha256: string}
  durability: Durability
  /** What the store removes by itself, where it does; 0: no limit. */
  retention?: {maxAgeMs: number; maxBytes: number}
}

/** The event log. Everything else is a reader of it with a cursor. All calls on a closed store fail with STORE_CLOSED. */
export interface EventStore {
  /**
   * Resolves once the events are durable (`describe().durability`), in order. An id that the log still holds is not
   * stored again. An event too large for the store is stored with its longest strings cut (event/shorten.ts).
   */
  append(events: readonly ClawEvent[], options?: AppendOptions): Promise<AppendResult>
  /** Yields stored events, then ends. Events appended after the call began are not yielded. */
  read(filter: Filter, range?: ReadRange): AsyncIterable<StoredEvent>
  /** Yields every event once, in log order, whoever appended it, until `signal` aborts. */
  follow(filter: Filter, options: FollowOptions): AsyncIterable<StoredEvent>
  /** Counts without yielding; with `by`, per value (events without the value are not in `groups`). */
  count(filter: Filter, by?: Grouping, options?: Interruptible): Promise<Tally>
  /** The position of the newest event, also when it was removed since; undefined for a log that never had one. */
  head(): Promise<Position | undefined>
  describe(): Promise<StoreDescription>
  /** Ends followers and releases everything. A second call does nothing. */
  close(): Promise<void>
}

/** What `stream init` asks for. Absent: leave as it is, or the store's default when it is new. */
export interface StoreSettings {
  replicas?: number
  /** Milliseconds; 0: keep for ever. */
  maxAgeMs?: number
  /** 0: no limit. */
  maxBytes?: number
  /** Refuse deletion of single events. */
  immutable?: boolean
}

export interface SettingChange {
  field: string
  now: string
  wanted: string
}

export interface StorePlan {
  store: string
  stream: string
  exists: boolean
  /** Differences that `apply` would change. */
  changes: SettingChange[]
  /** What the server cannot do, each as a sentence; the store works without. */
  notes: string[]
}

export interface PruneRequest {
  /** Remove events stored before this time (epoch ms). */
  storedBefore?: number
  /** Remove the oldest until at most this many bytes are left. */
  maxBytes?: number
  /** Keep everything from this position on, whatever its age and size: what a live cursor has not read yet. */
  keepFrom?: Position
  dryRun?: boolean
}

/** Retention as the log remembers it (`stream init --max-age`), unless other limits are given. 0: no limit. */
export interface RetentionRequest extends Pick<PruneRequest, 'keepFrom'> {
  maxAgeMs?: number
  maxBytes?: number
}

/** What `stream erase` asks for: every event that the filter lets through and that belongs to one of the people. */
export interface EraseRequest {
  filter: Filter
  /** Ids of people as channels give them; absent: whomever the events belong to. */
  persons?: readonly string[]
  /** Why, in the operator's words; kept in the log for ever. */
  reason?: string
  dryRun?: boolean
  signal?: AbortSignal
}

export interface EraseResult {
  matched: number
  erased: number
  /** What matched, by type. */
  types: Tally['groups']
  /** Why content may still lie in a file although the log no longer has it, and what ends that; mostly absent. */
  unfinished?: string
}

export interface VerifyFault {
  position: Position
  kind: 'missing' | 'changed' | 'swapped'
  message: string
}

export interface VerifyOptions extends Interruptible {
  /** What the log was before (`anchor()`): the history up to there must be the same still. */
  anchor?: Anchor
}

export interface VerifyResult {
  ok: boolean
  /** Whether a hash chain covers the content of every event; of those without one only the absence can be noticed. */
  chained: boolean
  events: number
  /** Events whose content was erased as the log records it. */
  erased: number
  /** The first faults, in log order. */
  faults: VerifyFault[]
  /** What else there is to say about what was proven, each as a sentence. */
  notes: string[]
}

export interface Lease {
  release(): Promise<void>
}

/** Creating, changing, pruning and locking a store. Every method opens and closes what it needs. */
export interface StoreAdmin {
  plan(settings: StoreSettings): Promise<StorePlan>
  /** Makes the store as planned, then compares what the server returned with what was asked: STORE_CONFLICT if not. */
  apply(settings: StoreSettings): Promise<StorePlan>
  /** The stores beside this one: streams of the server, or this one file. */
  list(): Promise<StoreDescription[]>
  /** Removes the store and all its events. */
  remove(): Promise<void>
  prune(request: PruneRequest): Promise<{removed: number; left: number}>
  /**
   * Prunes what is over the limits of retention, in portions of some percent, so that it costs little to be asked often.
   * A server does this by itself.
   */
  applyRetention(request?: RetentionRequest): Promise<{removed: number; left: number}>
  /** Takes the content of events out for good, and leaves word of it in the log, so that it still verifies. */
  erase(request: EraseRequest): Promise<EraseResult>
  /** What the log is now, to be kept elsewhere. */
  anchor(options?: Interruptible): Promise<Anchor>
  verify(options?: VerifyOptions): Promise<VerifyResult>
  /** Exclusive right to do `task` on this store, across processes; LOCK_HELD names the holder. Ends with its process. */
  lock(task: string): Promise<Lease>
  close(): Promise<void>
}
