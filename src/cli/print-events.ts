import {Flags} from '@oclif/core'
import type {StoredEvent} from '../lib/event/envelope.ts'
import {toView, type ViewFormat, viewFormats} from '../lib/event/views.ts'
import {eventLine} from '../lib/output/event-line.ts'
import type {Terminal} from './terminal.ts'

export const formatFlag = {
  format: Flags.option({
    options: viewFormats,
    helpGroup: 'OUTPUT',
    description: 'shape of the events under --json and --ndjson',
    default: 'claw' as const,
  })(),
}

export interface PrintFlags {
  json?: boolean
  ndjson?: boolean
  format: ViewFormat
}

/** Written with the first event: what fails before it is then the only document. */
const opening = '{"events":['

/** Prints events as they come, one at a time, however many there are: lines for people, NDJSON, or one document. */
export async function printEvents(
  events: AsyncIterable<StoredEvent>,
  flags: PrintFlags,
  term: Terminal,
): Promise<number> {
  let count = 0
  for await (const event of events) {
    await term.line(eventText(event, count, flags, term))
    count++
  }
  await endEvents(count, flags, term)
  return count
}

/** The line of one event, of which `before` were printed. */
export function eventText(event: StoredEvent, before: number, flags: PrintFlags, term: Terminal): string {
  const text = flags.json || flags.ndjson ? JSON.stringify(toView(event, flags.format)) : eventLine(event, term)
  return flags.json ? `${before > 0 ? ',' : opening}${text}` : text
}

/** What closes the document that the events made, where they made one. */
export async function endEvents(count: number, {json}: PrintFlags, term: Terminal): Promise<void> {
  if (json) await term.line(count > 0 ? ']}' : `${opening}]}`)
}
