import type {ClawEvent} from '../event/envelope.ts'

/** What an event is to a reader of its text: said to the agent, said by it, remembered, or of a tool. */
export type PassageKind = 'message' | 'reply' | 'memory' | 'tool' | 'failure' | 'note'

/** What the index keeps of one event that has something to say, beside its words. */
export interface PassageEntry {
  eventId: string
  /** Session id, else session key; empty where the event is of no session. */
  session: string
  /**
   * Passages of one thread are understood from each other: what was said in one session. Empty where a passage stands
   * for itself, as tool calls do.
   */
  thread: string
  timeMs: number
  kind: PassageKind
  /** Terms of the speaker's name, separated by spaces; empty when nobody is named. */
  speaker: string
  isQuestion: boolean
  /** It says when: yesterday, last week, on Monday. */
  mentionsTime: boolean
  /** The same for all pieces of one streamed message, of which the newest (then longest) counts; empty for others. */
  part: string
  /** The same for calls of one tool on the same thing; empty for anything else. */
  target: string
  /** How many terms it has. */
  words: number
}

/** An event as the index takes it in. */
export interface IndexedPassage extends PassageEntry {
  agentId: string
  /** How often each term occurs in it. */
  terms: ReadonlyMap<string, number>
}

/** What an index is told of an event. */
export interface Reading {
  passage?: IndexedPassage
  /** Ids of events that this one replaces or withdraws, whenever they came; with the agent they belong to. */
  retires: readonly string[]
  agentId: string
}

/** How events are read for the index; undefined: nothing in it for a context. Pure. */
export interface ReadForIndex {
  (event: ClawEvent): Reading | undefined
  /**
   * Tells ways of reading apart that differ by configuration: an index of another edition is made anew, so that nothing
   * of it stays. Absent: 0; below 2^40.
   */
  readonly edition?: number
}

/** A passage in the index; `number` tells it from others of the same agent and means nothing else. */
export interface StoredPassage extends Omit<PassageEntry, 'part'> {
  number: number
}

/** Where a term occurs, by passage number ascending: how often, and how many terms the passage has. */
export interface Postings {
  numbers: readonly number[] | Uint32Array
  counts: readonly number[] | Uint32Array
  words: readonly number[] | Uint32Array
}

export interface TimeSpan {
  events: number
  firstMs: number
  lastMs: number
}

/** Which passages `latest` looks for. */
export interface LatestQuery {
  limit: number
  kinds: readonly PassageKind[]
  /** Epoch milliseconds, inclusive. */
  sinceMs: number
  /** Epoch milliseconds, inclusive. */
  untilMs: number
}

/**
 * The passages of one agent, as they are at one moment. Nothing depends on the order in which they came: lists are
 * by time and event id. Passages that were replaced or withdrawn are in no list.
 */
export interface ContextView {
  /** How many passages there are, and how many terms they have in all. */
  readonly passages: number
  readonly words: number
  /** Numbers are below this. */
  readonly numberLimit: number
  /** In how many passages a term occurs. */
  frequency(term: string): number
  postings(term: string): Postings | undefined
  /** The passages with these numbers, in any order. */
  entries(numbers: readonly number[]): StoredPassage[]
  /** Up to `distance` passages before and after one in its thread, the nearest first; none where it stands alone. */
  around(passage: StoredPassage, distance: number): {before: StoredPassage[]; after: StoredPassage[]}
  /** The newest first. */
  latest(query: LatestQuery): StoredPassage[]
  /** The newest `tool` passage on this target. */
  newestSuccess(target: string): StoredPassage | undefined
  /** Passages in a span of time (epoch milliseconds, inclusive); undefined for none. */
  span(sinceMs: number, untilMs: number): TimeSpan | undefined
  /** Epoch milliseconds of a session's first passage; undefined for one that is not there. */
  sessionStart(session: string): number | undefined
  /** Terms of the names of everybody who speaks. */
  speakers(): readonly string[]
  /** The events with these numbers; those that are gone from the log are left out. */
  events(numbers: readonly number[]): Map<number, ClawEvent>
  /** Events by id, of this agent or not; those that are not in the log are left out. */
  eventsById(eventIds: readonly string[]): Map<string, ClawEvent>
}

export interface CatchUpOptions {
  signal?: AbortSignal
  /** The longest that the event loop is held at a time, in milliseconds; default: as long as an append may take. */
  pieceMs?: number
  onProgress?: (done: number) => void
}

/** A reader of the log that keeps what context selection asks for. */
export interface ContextIndex {
  /** Resolves when everything that the log held at the call is in the index. */
  catchUp(options?: CatchUpOptions): Promise<void>
  /** Lets `work` look at one agent's passages, all as of one moment; the view is not to be kept. */
  read<T>(agentId: string, work: (view: ContextView) => T): T
  close(): Promise<void>
}
