import type {ClawEvent} from '../src/lib/event/envelope.ts'
import {contentId} from '../src/lib/event/id.ts'

const start = Date.parse('2025-01-01T00:00:00Z')
const glue = 'the a to of and in I you it is was that for on with my we at this have'.split(' ')
const names = ['Anna', 'Bo', 'Carla', 'Dan', 'Eve', 'Femi', 'Gil', 'Hana']
const syllables = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu'.split(' ')
const vocabulary = 20_000

/** Talk of 23 words a message, as frequent as words are in a language (Zipf), always the same for the same `from`. */
export function talk(count: number, from = 0): ClawEvent[] {
  return Array.from({length: count}, (_, index) => message(from + index))
}

/** A question with four words of some message, and a name. */
export function talkPrompt(n: number): string {
  const random = createRandom(n + 1_000_003)
  return `What did ${names[n % names.length]} say of ${[1, 2, 3, 4].map(() => contentWord(random)).join(' ')}?`
}

function message(n: number): ClawEvent {
  const ms = start + n * 300_000
  const random = createRandom(n)
  const words = Array.from({length: 23}, () =>
    random() < 0.45 ? glue[Math.floor(random() * glue.length)]! : contentWord(random),
  )
  return {
    eventId: contentId(ms, 'talk', String(n)),
    schemaVersion: '1.2.0',
    timestamp: new Date(ms).toISOString(),
    type: n % 2 ? 'conversation.message.out' : 'conversation.message.in',
    eventCategory: 'conversation',
    eventName: 'message',
    source: 'plugin-hook',
    agentId: 'main',
    sessionId: `session-${Math.floor(n / 24)}`,
    sessionKey: 'agent:main:main',
    correlationId: `c-${n}`,
    visibility: 'internal',
    data: {
      text: `${words.join(' ')}${n % 5 === 0 ? '?' : '.'}`,
      senderName: names[Math.floor(random() * names.length)],
    },
  }
}

/** The word of rank r is as frequent as 1 / r; frequent words are short. */
function contentWord(random: () => number): string {
  let rest = Math.floor(vocabulary ** random()) + 19
  let word = ''
  for (; rest > 0; rest = Math.floor(rest / 20)) word += syllables[rest % 20]!
  return word
}

/** A linear congruential generator (Numerical Recipes): the same numbers on every machine. */
function createRandom(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
