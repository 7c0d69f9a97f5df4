import type {ClawEvent, Position} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import type {StateStore} from '../store/state-port.ts'
import type {Diagnostics} from './diagnostics.ts'

/** What a sink works with. Everything is opened and closed by whoever runs it. */
export interface SinkContext {
  store: EventStore
  /** The log that positions are of: saved with cursors, so that one of another log is not taken for its own. */
  log: string
  state: StateStore
  diagnostics: Diagnostics
  /** Stop: no new work; what is under way is finished or given back within `stopMs` of the sink. */
  signal: AbortSignal
  /** Epoch milliseconds. */
  now: () => number
  /** Where a reader without a cursor begins. */
  startAt: 'now' | 'start'
  /** Appends an event about the sink itself, such as `delivery.disabled`. Never rejects. */
  report(event: ClawEvent): Promise<void>
}

export interface SinkStatus {
  reader: string
  state: 'starting' | 'running' | 'paused' | 'disabled' | 'failed' | 'stopped'
  /** Why, where it is not running. */
  reason?: string
  position?: Position
  /** Since this process began to run it. */
  delivered: number
  failed: number
  /** In flight, or waiting to be tried again. */
  waiting: number
  /** What the kind of sink adds: port, clients, … */
  details?: Record<string, unknown>
}

/** One delivery target: a reader of the log with a durable cursor that sends events on. */
export interface Sink {
  /** Its name among all readers: `websocket`, `webhook:NAME`, `event-log`, `bridge`, `forward:NAME`. */
  readonly reader: string
  /**
   * Delivers until the signal aborts. At least once: the cursor is saved only past what was delivered or stands in
   * the state store. A rejection is a fault of the sink; whoever runs it starts it again (run-sinks.ts).
   */
  run(context: SinkContext): Promise<void>
  status(): SinkStatus
}
