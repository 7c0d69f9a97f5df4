import type {Config} from '../../config/schema.ts'
import type {Diagnostics} from '../diagnostics.ts'
import type {Item} from './item.ts'

export interface ReportOptions {
  reader: string
  diagnostics: Diagnostics
  logging: Pick<Config['logging'], 'logSuccess' | 'logErrors' | 'logQueue'>
  /** Epoch milliseconds. */
  now: () => number
}

/** Tells the operator what happens at an endpoint, and counts. */
export interface Report {
  delivered(item: Item): void
  /** It is to be tried again. */
  failed(item: Item, reason: string): void
  /** It is not. */
  buried(item: Item, reason: string): void
  /** The endpoint is given a rest; undefined: it works again. */
  paused(reason: string | undefined): void
  disabled(reason: string): void
  queue(counts: {waiting: number; dead: number}): void
}

/** An endpoint that fails again and again says so once in a while. */
const betweenLinesMs = 1000

export function createReport({reader, diagnostics, logging, now}: ReportOptions): Report {
  const failures = createThrottle((line) => diagnostics.warn(line), now)
  const burials = createThrottle((line) => diagnostics.warn(line), now)
  let queue = ''
  return {
    delivered({eventId}) {
      if (logging.logSuccess) diagnostics.info(`${reader}: event ${eventId} was delivered`)
    },
    failed({eventId}, reason) {
      if (logging.logErrors) failures(`${reader}: event ${eventId} was not delivered: ${reason}`)
    },
    buried({eventId, attempts}, reason) {
      const after = attempts === 1 ? '1 attempt' : `${attempts} attempts`
      burials(`${reader}: event ${eventId} is a dead letter after ${after}: ${reason}`)
    },
    paused(reason) {
      if (reason === undefined) diagnostics.info(`${reader}: it works again`)
      else diagnostics.warn(`${reader}: it fails for every event and is paused, nothing is lost: ${reason}`)
    },
    disabled(reason) {
      const how = `\`claw-events deliveries enable ${reader.replace(/^[^:]*:/, '')}\` goes on where it stopped`
      diagnostics.error(`${reader}: it is disabled: ${reason}; ${how}`)
    },
    queue({waiting, dead}) {
      const line = `${waiting} deliveries wait, ${dead} are dead letters`
      if (logging.logQueue && line !== queue) diagnostics.info(`${reader}: ${line}`)
      queue = line
    },
  }
}

function createThrottle(print: (line: string) => void, now: () => number): (line: string) => void {
  let last = Number.NEGATIVE_INFINITY
  let held = 0
  return (line) => {
    const time = now()
    // A clock that was set back must not silence it.
    if (time >= last && time - last < betweenLinesMs) {
      held++
      return
    }
    print(held === 0 ? line : `${line} (and ${held} more since the last such line)`)
    last = time
    held = 0
  }
}
