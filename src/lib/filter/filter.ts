/**
 * The one filter language, as plain data that every store understands. Conditions are joined by AND; the entries of
 * one list by OR. An absent or empty condition holds for every event.
 */
export interface Filter {
  /** Globs on `type`; `*` stands for any characters, dots included: `tool.*` matches `tool.guard.blocked`. */
  types?: readonly string[]
  /** Exact agent ids. */
  agents?: readonly string[]
  /** Exact session keys or session ids. */
  sessions?: readonly string[]
  /** Exact run ids. */
  runs?: readonly string[]
  /** Globs on `data.toolName`. */
  tools?: readonly string[]
  /** Epoch milliseconds, inclusive, on `timestamp`. */
  since?: number
  /** Epoch milliseconds, exclusive, on `timestamp`. */
  until?: number
  /** Words that must all occur in the event's text, and "quoted phrases" (filter/text.ts). */
  text?: string
  /** A CEL expression over the envelope, such as `data.durationMs > 500`; true keeps the event. */
  where?: string
}

export const everything: Filter = {}
