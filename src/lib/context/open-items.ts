import type {ContextView, StoredPassage} from '../store/context-index.ts'

/** How far back something counts as open: what nobody came back to since then is over. */
const openMs = 14 * 86_400_000
const lookedAt = 200
const mostOpen = 8

/**
 * What is still open, the newest first: tool failures that no success on the same thing followed, and the questions
 * that a session ended with, when nobody said anything after them there.
 */
export function openItems(view: ContextView, {sinceMs, untilMs}: {sinceMs: number; untilMs: number}): StoredPassage[] {
  const span = {sinceMs: Math.max(sinceMs, untilMs - openMs), untilMs}
  const failures = view
    .latest({...span, kinds: ['failure'], limit: lookedAt})
    .filter((failure) => isUnsettled(view, failure))
  const spoken = view.latest({...span, kinds: ['message', 'reply'], limit: lookedAt})
  const questions = lastOfEach(spoken, ({session}) => session).filter(
    ({isQuestion, session}) => isQuestion && session !== '',
  )
  return [...lastOfEach(failures, ({target}) => target), ...questions]
    .sort((a, b) => b.timeMs - a.timeMs || (a.eventId < b.eventId ? -1 : 1))
    .slice(0, mostOpen)
}

function isUnsettled(view: ContextView, failure: StoredPassage): boolean {
  const success = view.newestSuccess(failure.target)
  return !success || success.timeMs < failure.timeMs
}

/** The first of each group: of newest-first passages, the newest. */
function lastOfEach(passages: readonly StoredPassage[], groupOf: (passage: StoredPassage) => string): StoredPassage[] {
  const seen = new Set<string>()
  return passages.filter((passage) => {
    const group = groupOf(passage)
    const isFirst = !seen.has(group)
    seen.add(group)
    return isFirst
  })
}
