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
  const last = lastOfEach(spoken, ({session}) => session)
  const questions = last.filter(
    (passage) => passage.isQuestion && passage.session !== '' && !isAnsweredElsewhere(view, passage, {spoken, last}),
  )
  return [...lastOfEach(failures, ({target}) => target), ...questions]
    .sort((a, b) => b.timeMs - a.timeMs || (a.eventId < b.eventId ? -1 : 1))
    .slice(0, mostOpen)
}

function isUnsettled(view: ContextView, failure: StoredPassage): boolean {
  const success = view.newestSuccess(failure.target)
  return !success || success.timeMs < failure.timeMs
}

const reportedWithinMs = 600_000

/**
 * A host reports a message twice, and when the first report comes it may not know the id of the session yet: then the
 * answer is in the session of the second.
 */
function isAnsweredElsewhere(
  view: ContextView,
  question: StoredPassage,
  {spoken, last}: Record<'spoken' | 'last', readonly StoredPassage[]>,
): boolean {
  const keyOf = ({number}: StoredPassage) => view.events([number]).get(number)?.sessionKey
  return spoken.some(
    (other) =>
      other.session !== question.session &&
      other.words === question.words &&
      Math.abs(other.timeMs - question.timeMs) <= reportedWithinMs &&
      !last.includes(other) &&
      keyOf(other) === keyOf(question),
  )
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
