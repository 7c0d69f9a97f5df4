import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs'
import path from 'node:path'
import type {ClawEvent} from '../src/lib/event/envelope.ts'
import {contentId} from '../src/lib/event/id.ts'
import {makeEvent} from '../src/lib/event/make.ts'

/** One conversation of LoCoMo as a log, and what is asked about it. */
export interface Conversation {
  name: string
  events: ClawEvent[]
  questions: Question[]
}

export interface Question {
  text: string
  /** 1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial. */
  category: number
  /** Ids of the events that hold the answer. */
  evidence: ReadonlySet<string>
}

/** Where the data is: LOCOMO names a file or folder; it is read from there and never copied (its licence). */
export function locomoPath(): string | undefined {
  const shared = path.join(import.meta.dirname, '..', '..', 'shared', 'data', 'locomo')
  const found = process.env['LOCOMO'] || (existsSync(shared) ? shared : undefined)
  if (!found || !existsSync(found)) return undefined
  if (!statSync(found).isDirectory()) return found
  return readdirSync(found)
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(found, name))
    .sort()[0]
}

interface Turn {
  speaker: string
  dia_id: string
  text: string
  blip_caption?: string
}

interface Sample {
  sample_id?: string
  conversation: Record<string, unknown>
  qa: Array<{question: string; evidence?: string[]; category: number}>
}

export function readLocomo(file: string): Conversation[] {
  const samples = JSON.parse(readFileSync(file, 'utf8')) as Sample[]
  return samples.map((sample, index) => conversationOf(sample, sample.sample_id ?? `conversation ${index}`))
}

/**
 * The first speaker writes to the agent, the second is the agent; both are named, sessions and their dates are kept,
 * turns are a minute apart. A shared image is told as gateways tell it: in the text. Ids are UUIDs, as in a real log.
 */
function conversationOf({conversation, qa}: Sample, name: string): Conversation {
  const ids = new Map<string, string>()
  const sessions = Object.keys(conversation)
    .filter((key) => /^session_\d+$/.test(key))
    .sort((a, b) => sessionNumber(a) - sessionNumber(b))
  const events = sessions.flatMap((session) => {
    const startMs = sessionTime(String(conversation[`${session}_date_time`]))
    return (conversation[session] as Turn[]).map((turn, place) => {
      const timeMs = startMs + place * 60_000
      const eventId = contentId(timeMs, name, turn.dia_id)
      ids.set(turn.dia_id, eventId)
      return turnEvent(turn, {eventId, timeMs, sessionId: session, isFirst: turn.speaker === conversation['speaker_a']})
    })
  })
  const questions = qa.map(({question, evidence = [], category}) => {
    const named = evidence.flatMap((turn) => turn.split(/[;,\s]+/)).flatMap((turn) => ids.get(turn) ?? [])
    return {text: question, category, evidence: new Set(named)}
  })
  // A question without evidence has nothing to be found.
  return {name, events, questions: questions.filter(({evidence}) => evidence.size > 0)}
}

function turnEvent(
  {speaker, text, blip_caption: caption}: Turn,
  {eventId, timeMs, sessionId, isFirst}: {eventId: string; timeMs: number; sessionId: string; isFirst: boolean},
): ClawEvent {
  return makeEvent({
    type: isFirst ? 'conversation.message.in' : 'conversation.message.out',
    agentId: 'main',
    source: 'plugin-hook',
    eventId,
    timestamp: new Date(timeMs).toISOString(),
    sessionId,
    data: {text: caption ? `${text} [image: ${caption}]` : text, senderName: speaker},
  })
}

function sessionNumber(key: string): number {
  return Number(key.slice('session_'.length))
}

/** `1:56 pm on 8 May, 2023`. */
function sessionTime(text: string): number {
  const [, hour, minute, half, day, month, year] = /(\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+)/.exec(text) ?? []
  return Date.parse(`${day} ${month} ${year} ${Number(hour) % 12}:${minute} UTC`) + (half === 'pm' ? 12 : 0) * 3_600_000
}
