import {ClawError} from '../../errors.ts'
import type {ClawEvent} from '../../event/envelope.ts'
import type {AppendResult} from '../port.ts'

/** One call of `append` on its way: what is still to be sent, what is not acknowledged yet, and how it ends. */
export interface AppendJob {
  readonly result: Promise<AppendResult>
  /** The event to be sent next; undefined when there is none, or when one before it failed. */
  next(): ClawEvent | undefined
  sent(): void
  /** An event that was sent is in the stream. */
  stored(isDuplicate: boolean): void
  /** An event that was sent was refused. */
  refused(failure: ClawError, eventId: string): void
  /** An event cannot be sent at all. */
  unsendable(failure: ClawError, eventId: string): void
  /** Nothing will come any more. */
  abandon(failure: ClawError): void
}

/** The result comes when every event that was sent has been answered for, also after a failure: it says how many are stored. */
export function createAppendJob(events: readonly ClawEvent[], onDone: (job: AppendJob) => void): AppendJob {
  const {promise, resolve, reject} = Promise.withResolvers<AppendResult>()
  let at = 0
  let outstanding = 0
  let appended = 0
  let duplicates = 0
  let failure: ClawError | undefined

  function settle(): void {
    if (outstanding > 0 || (!failure && at < events.length)) return
    onDone(job)
    if (failure) reject(partly(failure, appended + duplicates, events.length))
    else resolve({appended, duplicates})
  }

  const job: AppendJob = {
    result: promise,
    next: () => (failure ? undefined : events[at++]),
    sent() {
      outstanding++
    },
    stored(isDuplicate) {
      outstanding--
      if (isDuplicate) duplicates++
      else appended++
      settle()
    },
    refused(reason, eventId) {
      outstanding--
      failure ??= ofEvent(reason, eventId)
      settle()
    },
    unsendable(reason, eventId) {
      failure ??= ofEvent(reason, eventId)
      settle()
    },
    abandon(reason) {
      outstanding = 0
      failure ??= reason
      settle()
    },
  }
  return job
}

/** The failure as one of this event. */
export function ofEvent(failure: ClawError, eventId: string): ClawError {
  return retold(failure, `event ${eventId}: ${failure.message}`)
}

function partly(failure: ClawError, stored: number, all: number): ClawError {
  return all === 1 ? failure : retold(failure, `${failure.message}; ${stored} of ${all} events of this call are stored`)
}

function retold({code, suggestions, exit, cause}: ClawError, message: string): ClawError {
  return new ClawError(code, message, {suggestions, exit, cause})
}
