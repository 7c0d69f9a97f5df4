import type {ToolCall} from '../guard/call.ts'
import type {ChangedCall, JudgementSummary} from '../guard/changes.ts'
import type {Judgement} from '../guard/judge.ts'
import type {PolicyEdit} from '../guard/policy-edits.ts'
import type {ReplayedCall} from '../guard/replay.ts'
import type {ReplaySummary} from '../guard/replay-summary.ts'
import type {Paint} from './paint.ts'
import {clip, printable, widthOf} from './printable.ts'
import {table} from './table.ts'

export interface VerdictTextOptions {
  paint: Paint
  /** Columns of the terminal; undefined in a pipe: nothing is cut. */
  width?: number
}

type Outcome = Judgement['verdict']

/** A verdict as one word of nine columns, in the colour of what it means. */
export function verdictWord(verdict: Outcome, paint: Paint): string {
  const word = verdict === 'undecidable' ? 'UNKNOWN' : verdict.toUpperCase()
  const padded = word.padEnd(7)
  if (verdict === 'allow') return paint.good(padded)
  return verdict === 'block' ? paint.bad(padded) : paint.warn(padded)
}

/** One judged call on one line: its line in the input, the verdict, the tool, the rule, why. */
export function replayedLine({line, call, would}: ReplayedCall, {paint, width}: VerdictTextOptions): string {
  const head = `${String(line).padStart(6)}  `
  const names = `${pad(printable(call.toolName), 12)}  ${pad(printable(would.ruleId ?? '-'), 20)}  `
  const why = printable(whyOf(would))
  const used = widthOf(head) + 9 + widthOf(names)
  return `${paint.dim(head)}${verdictWord(would.verdict, paint)}  ${names}${width === undefined ? why : clip(why, Math.max(20, width - used))}`.trimEnd()
}

function whyOf(judgement: Judgement): string {
  if (judgement.verdict === 'action') return `the action "${judgement.actionId}" would be asked`
  if (judgement.verdict === 'ask') return judgement.reason ?? judgement.ask?.title ?? ''
  if (judgement.verdict === 'rewrite') return judgement.reason ?? `params become ${JSON.stringify(judgement.params)}`
  const assumed =
    'assumed' in judgement && judgement.assumed !== undefined ? `(assumed: ${judgement.assumed})` : undefined
  return [judgement.reason, assumed].filter((part) => part !== undefined).join(' ')
}

/** How many calls of each verdict, and how often each rule came up. */
export function summaryText(summary: ReplaySummary, paint: Paint): string {
  const {total, errors, rules, unmatchedRules} = summary
  const kinds = (['allow', 'block', 'rewrite', 'ask', 'action', 'undecidable'] as const).filter(
    (kind) => summary[kind] > 0,
  )
  const counts = kinds.map((kind) => `${summary[kind]} ${kind}`).join(', ')
  const lines = [
    paint.bold(
      `${total} ${total === 1 ? 'call' : 'calls'}${counts === '' ? '' : `: ${counts}`}${errors > 0 ? `; ${errors} not readable` : ''}`,
    ),
  ]
  const seen = rules.filter(({matched}) => matched > 0)
  if (seen.length > 0) {
    const rows = seen.map(({id, matched, decided, assumed}) => [
      id,
      String(matched),
      String(decided),
      assumed > 0 ? String(assumed) : '',
    ])
    lines.push('', table(['rule', 'matched', 'decided', 'assumed'], rows))
  }
  if (unmatchedRules.length > 0)
    lines.push('', `never matched: ${unmatchedRules.map((id) => printable(id)).join(', ')}`)
  return lines.join('\n')
}

/** A call that two policies judge differently, with what made the difference. */
export function changedLines({line, toolName, old, new: now, because}: ChangedCall, paint: Paint): string[] {
  const head = `${paint.dim(String(line).padStart(6))}  ${verdictWord(old.verdict, paint)} -> ${verdictWord(now.verdict, paint)}  ${printable(toolName)}`
  const rules = `          ${ruleText('old', old)}; ${ruleText('new', now)}`
  if (because.kind === 'history') return [head, rules, '          because earlier calls were judged differently']
  return [head, rules, ...because.edits.map((edit) => `          because ${printable(editText(edit))}`)]
}

function ruleText(name: string, {ruleId, reason}: JudgementSummary): string {
  if (ruleId === undefined) return `${name}: no rule`
  return `${name}: ${printable(ruleId)}${reason === undefined ? '' : ` (${clip(printable(reason), 60)})`}`
}

function editText({ruleId, what, old, new: now}: PolicyEdit): string {
  const place = ruleId === undefined ? what : `${ruleId}${what === 'rule' ? '' : `: ${what}`}`
  if (what === 'order') return 'the order of the rules changed'
  if (what === 'rule') return now === undefined ? `the rule ${place} is gone` : `the rule ${place} is new`
  if (old === undefined) return `${place} is new: ${shortJson(now)}`
  return now === undefined
    ? `${place} is gone: ${shortJson(old)}`
    : `${place}: ${shortJson(old)} became ${shortJson(now)}`
}

/** The call that is judged, on one line. */
export function callText({toolName, params}: ToolCall): string {
  return printable(`${toolName} ${shortJson(params ?? {})}`)
}

function shortJson(value: unknown): string {
  return clip(JSON.stringify(value) ?? 'nothing', 120)
}

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}
