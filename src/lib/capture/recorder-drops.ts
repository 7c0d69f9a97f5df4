import type {ClawEvent} from '../event/envelope.ts'
import {makeEvent} from '../event/make.ts'

/** Events that will never be in the log: how many, why, and the times of the first and the last of them. */
export interface Drops {
  count: number
  /** Why most of them went: the code of what failed, QUEUE_FULL, or EVENT_INVALID. */
  reason: string
  /** How many for each reason. */
  reasons: Readonly<Record<string, number>>
  /** Timestamps of events. */
  firstAt: string
  lastAt: string
}

/** What was dropped and is not told in the log yet. */
export interface DropTally {
  readonly count: number
  add(event: ClawEvent, reason: string): void
  /** What is to be told, and nothing of it is left; undefined when there is nothing. */
  take(): Drops | undefined
  /** It could not be told after all. */
  giveBack(drops: Drops): void
}

export function createDropTally(): DropTally {
  let reasons = new Map<string, number>()
  let count = 0
  let firstAt = ''
  let lastAt = ''

  function note(reason: string, number: number): void {
    count += number
    reasons.set(reason, (reasons.get(reason) ?? 0) + number)
  }

  return {
    get count() {
      return count
    },
    add(event, reason) {
      const timestamp = timestampOf(event)
      if (count === 0) firstAt = timestamp
      lastAt = timestamp
      note(reason, 1)
    },
    take() {
      if (count === 0) return undefined
      const [[reason = ''] = []] = [...reasons].sort((a, b) => b[1] - a[1])
      const drops = {count, reason, reasons: Object.fromEntries(reasons), firstAt, lastAt}
      reasons = new Map()
      count = 0
      return drops
    },
    giveBack(drops) {
      if (count === 0) lastAt = drops.lastAt
      firstAt = drops.firstAt
      for (const [reason, number] of Object.entries(drops.reasons)) note(reason, number)
    },
  }
}

/** Of an event that may be none. */
function timestampOf(event: ClawEvent): string {
  try {
    return String(event.timestamp)
  } catch {
    return ''
  }
}

export function makeDropEvent({count, reason, reasons, firstAt, lastAt}: Drops, now: number): ClawEvent {
  const hasSeveral = Object.keys(reasons).length > 1
  return makeEvent({
    type: 'capture.dropped',
    agentId: 'system',
    source: 'synthetic',
    data: {count, reason, ...(hasSeveral && {reasons}), firstAt, lastAt},
    now,
  })
}
