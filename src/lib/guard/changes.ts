import type {Because} from './difference.ts'
import {isSame} from './difference.ts'
import type {Judgement} from './judge.ts'
import type {ReplayedCall} from './replay.ts'

type Outcome = Judgement['verdict']

/** A call that two policies judge differently. */
export interface ChangedCall {
  index: number
  line: number
  toolName: string
  agentId?: string
  sessionKey?: string
  from: Outcome
  to: Outcome
  old: JudgementSummary
  new: JudgementSummary
  because: Because
}

export interface JudgementSummary {
  verdict: Outcome
  reason?: string
  ruleId?: string
  actionId?: string
  source: Judgement['source']
}

/** Calls of one kind of change that are kept; more are only counted. */
const keptPerKind = 10_000

/** From what may do harm to what may be in the way: how much a verdict holds back. */
const strictness: Record<Outcome, number> = {block: 4, ask: 3, action: 3, undecidable: 2, rewrite: 1, allow: 0}

/** Collects what changes from one policy to another, the loosest changes first (block to allow). */
export function createChanges(explain: (call: ReplayedCall, from: Judgement, to: Judgement) => Because) {
  const kinds = new Map<string, {from: Outcome; to: Outcome; count: number; calls: ChangedCall[]}>()
  let total = 0
  return {
    /** Whether the two differ on this call. */
    add(old: Judgement, replayed: ReplayedCall): boolean {
      const {would} = replayed
      total++
      if (isSame(old, would)) return false
      const [from, to] = [old.verdict, would.verdict]
      const key = `${from} ${to}`
      const kind = kinds.get(key) ?? {from, to, count: 0, calls: []}
      kinds.set(key, kind)
      kind.count++
      if (kind.calls.length < keptPerKind) kind.calls.push(changedCall(old, replayed, explain(replayed, old, would)))
      return true
    },
    summary() {
      const sorted = [...kinds.values()].sort(
        (a, b) => looseningOf(b) - looseningOf(a) || strictness[b.from] - strictness[a.from],
      )
      const changed = sorted.reduce((sum, {count}) => sum + count, 0)
      const calls = sorted.flatMap((kind) => kind.calls)
      const changes = sorted.map(({from, to, count}) => ({from, to, count}))
      return {calls, summary: {total, same: total - changed, changed, changes, notShown: changed - calls.length}}
    },
  }
}

function looseningOf({from, to}: {from: Outcome; to: Outcome}): number {
  return strictness[from] - strictness[to]
}

function changedCall(old: Judgement, {index, line, call, would}: ReplayedCall, because: Because): ChangedCall {
  const {toolName, agentId, sessionKey} = call
  return {
    index,
    line,
    toolName,
    ...(agentId !== undefined && {agentId}),
    ...(sessionKey !== undefined && {sessionKey}),
    from: old.verdict,
    to: would.verdict,
    old: summaryOf(old),
    new: summaryOf(would),
    because,
  }
}

function summaryOf(judgement: Judgement): JudgementSummary {
  const {verdict, ruleId, source} = judgement
  const reason = 'reason' in judgement ? judgement.reason : undefined
  const actionId = 'actionId' in judgement ? judgement.actionId : undefined
  return {
    verdict,
    ...(reason !== undefined && {reason}),
    ...(ruleId !== undefined && {ruleId}),
    ...(actionId !== undefined && {actionId}),
    source,
  }
}
