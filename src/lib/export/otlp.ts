import {createRunBook} from '../event/runs/book.ts'
import type {RunEvent} from '../event/runs/fold.ts'
import {spansOf} from './otlp-spans.ts'

/** The GenAI conventions of this release; docs/export.md names it, too. */
export const semanticConventions = '1.41.0'
const schemaUrl = `https://opentelemetry.io/schemas/${semanticConventions}`

export interface TraceWriter {
  /** The lines that are complete with this event: one run each, as OTLP's file exporter writes them. */
  add(event: RunEvent): Iterable<string>
  /** What is left: runs whose end is not in the log. */
  end(): Iterable<string>
}

/** So much of one text is put into a trace, where its content is wanted at all. */
const contentLimit = 16_384

/** Turns events into OTLP traces in JSON. `withContent` adds params, results and messages, which may be private. */
export function createTraceWriter({withContent}: {withContent: boolean}): TraceWriter {
  const keep = withContent ? cut : () => undefined
  const book = createRunBook({keep})
  // One after the other: all that are left at the end may be many.
  function* lines(all: boolean): Generator<string> {
    for (const run of book.take({all})) yield lineOf(spansOf(run, {withContent}))
  }

  return {
    add(event) {
      book.add(event)
      return lines(false)
    },
    end: () => lines(true),
  }
}

function cut(content: unknown): unknown {
  if (content === undefined) return undefined
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return text.length > contentLimit ? `${text.slice(0, contentLimit)}…` : text
}

const resource = {attributes: [{key: 'service.name', value: {stringValue: 'openclaw'}}]}
const scope = {name: 'claw-events'}

function lineOf(spans: readonly object[]): string {
  return JSON.stringify({resourceSpans: [{resource, scopeSpans: [{scope, spans, schemaUrl}], schemaUrl}]})
}
