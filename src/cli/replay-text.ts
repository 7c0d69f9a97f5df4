import {counted} from '../lib/output/counted.ts'
import type {ReplayPlan} from '../lib/replay/plan.ts'
import type {ReplayResult} from '../lib/replay/replay.ts'

/** What a dry run says. */
export function planText({events, first, last, durationMs}: ReplayPlan): string {
  return `${counted(events, 'event')}, ${first ?? '-'} to ${last ?? '-'}: would take ${durationMs / 1000} s`
}

/** What a replay into another log says. */
export function resultText({read, appended, duplicates, interrupted}: ReplayResult): string {
  const end = interrupted ? '; interrupted before the end' : ''
  return `${counted(read, 'event')}: ${appended} added, ${duplicates} already there${end}`
}
