import type {Position} from '../event/envelope.ts'
import type {StateStore} from '../store/state-port.ts'

/** Saves a reader's cursor now and then, so that many small steps cost few commits. */
export interface CursorSaver {
  /** The reader may have got further: its place is saved within `saveMs`. Never rejects; see `onFault`. */
  touch(): void
  /** Saves at once what is not saved yet. */
  flush(): Promise<void>
}

export interface CursorSaverOptions {
  state: StateStore
  reader: string
  log: string
  /** Where the reader has got to, and what it keeps beside that; undefined: nowhere yet. */
  place: () => {position: Position; details?: Record<string, unknown>} | undefined
  /** The longest that a place is not saved; default 100. */
  saveMs?: number
  /** The state store failed in the background. */
  onFault: (error: unknown) => void
}

export function createCursorSaver(options: CursorSaverOptions): CursorSaver {
  const {state, reader, log, place, saveMs = 100, onFault} = options
  let saved: Position | undefined
  let timer: NodeJS.Timeout | undefined

  async function save(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const cursor = place()
    if (cursor === undefined || cursor.position === saved) return
    saved = cursor.position
    await state.commit({reader, cursor: {log, ...cursor}})
  }

  return {
    touch() {
      timer ??= setTimeout(() => void save().catch(onFault), saveMs)
    },
    flush: save,
  }
}
