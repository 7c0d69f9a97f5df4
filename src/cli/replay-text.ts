import {counted} from '../lib/output/counted.ts'
import type {ReplayPlan} from '../lib/replay/plan.ts'
import type {ReplayResult} from '../lib/replay/replay.ts'
import type {ReplayFailure} from '../lib/replay/target.ts'

/** What a dry run says. */
export function planText({events, first, last, durationMs}: ReplayPlan, counts: Counts = {}): string {
  const more = countsText(counts)
  return `${counted(events, 'event')}, ${first ?? '-'} to ${last ?? '-'}: would take ${durationMs / 1000} s${more && `; ${more}`}`
}

/** What a replay into another log says. */
export function resultText({read, appended, duplicates, interrupted}: ReplayResult): string {
  return `${counted(read, 'event')}: ${appended} added, ${duplicates} already there${endText(interrupted)}`
}

type Counts = Readonly<Record<string, unknown>>

/** What a replay to a webhook says. */
export function webhookText({read, delivered, interrupted, ...counts}: ReplayResult): string {
  const stay = countsText(counts)
  return `${counted(read, 'event')}: ${delivered} delivered${stay && `, ${stay}`}${endText(interrupted)}`
}

/** What a replay to the bridge says. */
export function bridgeText({read, interrupted, ...counts}: ReplayResult): string {
  return `${counted(read, 'event')}: ${countsText(counts)}${endText(interrupted)}`
}

/** At which event a replay ended, and why. */
export function failureText({eventId, position, type, attempts, reason}: ReplayFailure): string {
  const often = attempts === 1 ? '' : `, ${attempts} times`
  return `stopped at ${type} ${eventId} (position ${position}): ${reason}${often}; with --resume it goes on from there`
}

/** That an attempt failed and there will be another. */
export function waitText({reason, attempt, most, waitMs}: WaitFor): string {
  return `${reason}; attempt ${attempt + 1} of ${most} in ${waitMs} ms`
}

interface WaitFor {
  reason: string
  attempt: number
  most: number
  waitMs: number
}

function endText(interrupted: boolean): string {
  return interrupted ? '; interrupted before the end' : ''
}

const countNames: ReadonlyArray<[key: string, text: (count: number) => string]> = [
  ['actions', (count) => counted(count, 'action')],
  ['succeeded', (count) => `${count} ended well`],
  ['failed', (count) => `${count} failed`],
  ['merged', (count) => `${count} merged`],
  ['coolingDown', (count) => `${count} held back by a cooldown`],
  ['confidential', (count) => `${count} confidential left out`],
  ['filtered', (count) => `${count} left out by the configured filters`],
]

/** Those that are not zero; how many actions there are is always said. */
function countsText(counts: Counts): string {
  const said = countNames.filter(([key]) => key in counts && (key === 'actions' || Number(counts[key]) > 0))
  return said.map(([key, text]) => text(Number(counts[key]))).join(', ')
}
