import type {StoredPassage} from '../store/context-index.ts'
import type {Said} from './block.ts'

/** The session at hand, as far as the model has it before it anyway and need not be told of it again. */
export interface SeenByModel {
  /** Its id, its key, or both: events bear the one or the other. */
  sessions: readonly string[]
  /**
   * Epoch milliseconds: what was said in it from then on is before the model. What is older is not, because the history
   * was compacted or begun anew under the same name. Absent: all of it is.
   */
  sinceMs?: number
}

interface Told {
  prompt?: string
  seen?: SeenByModel
}

/** Of a longer prompt no more than this is compared with what the log holds. */
const longestPrompt = 100_000

/** Tells what the model does not have before it yet: neither in its history, nor word for word in the prompt. */
export function unseenTest(
  {prompt = '', seen}: Told,
  read: (passage: StoredPassage) => Said | undefined,
): (passage: StoredPassage) => boolean {
  const asked = flat(prompt.slice(0, longestPrompt))
  const sessions = new Set(seen?.sessions)
  const {sinceMs = Number.NEGATIVE_INFINITY} = seen ?? {}
  return (passage) => {
    if (passage.session !== '' && sessions.has(passage.session) && passage.timeMs >= sinceMs) return false
    if (asked === '') return true
    const said = read(passage)
    return said === undefined || !asked.includes(flat(said.passage.text))
  }
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
