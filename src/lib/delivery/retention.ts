import type {Position} from '../event/envelope.ts'
import type {RetentionRequest, StoreAdmin} from '../store/port.ts'
import type {StateStore} from '../store/state-port.ts'
import {pause} from './pause.ts'
import type {Sink, SinkContext, SinkStatus} from './sink.ts'

export interface RetentionOptions {
  openAdmin: () => Promise<StoreAdmin>
  /** What the configuration says; undefined: what the log itself remembers. */
  limits: Pick<RetentionRequest, 'maxAgeMs' | 'maxBytes'>
  /** The readers that run here: what they have not read is kept. */
  readers: () => readonly string[]
  /** How often it is looked; default ten minutes. */
  everyMs?: number
}

const reader = 'retention'
const tenMinutesMs = 600_000

/** Removes from the embedded log what is over its limits of age and size, and never what a live reader has not read. */
export function createRetention({openAdmin, limits, readers, everyMs = tenMinutesMs}: RetentionOptions): Sink {
  const status: SinkStatus = {reader, state: 'stopped', delivered: 0, failed: 0, waiting: 0}

  async function look({state, log, diagnostics}: SinkContext): Promise<void> {
    const admin = await openAdmin()
    try {
      const keepFrom = await slowest(state, log, readers())
      const {removed, left} = await admin.applyRetention({...limits, keepFrom})
      if (removed > 0) diagnostics.info(`retention removed ${removed} events, ${left} are left`)
      status.details = {removed: Number(status.details?.['removed'] ?? 0) + removed}
    } finally {
      await admin.close()
    }
  }

  return {
    reader,
    status: () => ({...status}),
    async run(context) {
      status.state = 'running'
      try {
        while (!context.signal.aborted) {
          await look(context)
          await pause(everyMs, context.signal)
        }
        status.state = 'stopped'
      } catch (error) {
        status.state = 'failed'
        status.failed++
        throw error
      }
    },
  }
}

/** Where the slowest of these readers is; clients of the WebSocket that keep a place of their own count, too. */
async function slowest(state: StateStore, log: string, names: readonly string[]): Promise<Position | undefined> {
  const isLive = (name: string) => names.includes(name) || name.startsWith('websocket:')
  const cursors = (await state.cursors()).filter((cursor) => cursor.log === log && isLive(cursor.reader))
  return cursors.map(({position}) => position).sort()[0]
}
