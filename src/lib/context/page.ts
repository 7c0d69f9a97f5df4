import {counted} from '../output/counted.ts'
import type {Paint} from '../output/paint.ts'
import {clip, printable} from '../output/printable.ts'
import type {ContextDocument} from './document.ts'
import type {Preview} from './preview.ts'

export interface PageOptions {
  paint: Paint
  /** Columns of the terminal; undefined where nothing is cut. */
  width: number | undefined
  /** Show the scores, and what was left out and why. */
  why: boolean
}

const mostDropped = 40
const barColumns = 30

/** A preview for people: how much of the budget is used, the text as it is, and on demand why it is so. */
export function previewPage({document, otherLines}: Preview, options: PageOptions): string[] {
  const {paint, why} = options
  const lines = [headLine(document, paint), budgetBar(document, paint), '']
  if (document.text === '') lines.push(paint.dim(emptyText(document)))
  lines.push(
    ...document.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => paintLine(line, options)),
  )
  if (document.diff) lines.push('', ...diffLines(document, otherLines, options))
  if (why) lines.push('', ...whyLines(document, otherLines, options))
  return lines
}

function headLine({agentId, sessionKey, at, injection}: ContextDocument, paint: Paint): string {
  const of = `${printable(agentId)}${sessionKey === undefined ? '' : `, session ${printable(sessionKey)}`}`
  const what = injection ? `Injected for ${of}` : `Context for ${of}`
  return `${paint.bold(what)} ${paint.dim(`at ${at}`)}`
}

function budgetBar({tokens, budget, counter}: ContextDocument, paint: Paint): string {
  const filled = budget > 0 ? Math.round((Math.min(tokens, budget) / budget) * barColumns) : 0
  const bar = paint.accent('█'.repeat(filled)) + paint.dim('░'.repeat(barColumns - filled))
  return `${bar} ${tokens} of ${budget} tokens ${paint.dim(`(${counter})`)}`
}

function emptyText({dropped, budget}: ContextDocument): string {
  if (dropped.length > 0) return `nothing fits into ${budget} tokens`
  return 'nothing would be injected: the log holds no messages or notes of this agent'
}

function paintLine(line: string, {paint}: PageOptions): string {
  const safe = printable(line)
  const mark = /^\[[^\]]*\]/.exec(safe)?.[0]
  if (mark) return paint.dim(mark) + safe.slice(mark.length)
  return /^<|:$/.test(safe) ? paint.accent(safe) : paint.dim(safe)
}

function diffLines(
  {diff, items, text}: ContextDocument,
  otherLines: ReadonlyMap<string, string>,
  options: PageOptions,
): string[] {
  const {paint} = options
  const {at = '', added = [], removed = [], kept = []} = diff ?? {}
  const inText = new Map(items.map(({eventId, ref}) => [eventId, lineOfRef(text, ref)]))
  return [
    paint.bold(
      `Against the session before (${at}): ${counted(kept.length, 'line')} ${kept.length === 1 ? 'stays' : 'stay'}`,
    ),
    ...added.map((eventId) => paint.good(cut(`+ ${inText.get(eventId) ?? eventId}`, options))),
    ...removed.map((eventId) => paint.bad(cut(`- ${otherLines.get(eventId) ?? eventId}`, options))),
  ]
}

function whyLines(
  {items, dropped, text}: ContextDocument,
  otherLines: ReadonlyMap<string, string>,
  options: PageOptions,
): string[] {
  const {paint} = options
  const chosen = items.map(({eventId, ref, section, score, tokens}) => {
    const facts = `${score.toFixed(2).padStart(7)}  ${String(tokens).padStart(4)}  ${section.padEnd(8)}  `
    return cut(`${facts}${lineOfRef(text, ref) ?? eventId}`, options)
  })
  const left = dropped.slice(0, mostDropped).map(({eventId, score, reason}) => {
    const line = cut(`${score.toFixed(2).padStart(7)}  ${reason}: ${otherLines.get(eventId) ?? eventId}`, options)
    return paint.dim(line)
  })
  const more = dropped.length - left.length
  return [
    paint.bold(`Chosen (${items.length})`) + paint.dim('   score, tokens, section'),
    ...chosen,
    '',
    paint.bold(`Left out (${dropped.length})`) + paint.dim('   score, reason'),
    ...left,
    ...(more > 0 ? [paint.dim(`… and ${more} more: --json has them all`)] : []),
  ]
}

function lineOfRef(text: string, ref: string): string | undefined {
  return text.split('\n').find((line) => line.startsWith(`[${ref} `))
}

function cut(line: string, {width}: PageOptions): string {
  const safe = printable(line)
  return width === undefined ? safe : clip(safe, width)
}
