import {RecentMap} from '../guard/recent-map.ts'
import type {Draft} from './draft.ts'
import {present} from './fields.ts'
import type {Directory, Ids, KnownRun, KnownSession} from './memory.ts'

/** One piece of a reply, or of what the model thought, as the stream brings it. */
export interface Piece {
  type: 'conversation.message.out' | 'agent.reasoning'
  ids: Ids
  /** Epoch milliseconds. */
  at: number
  eventName: string
  stream: string
  seq: number | undefined
  /** The part of the message it belongs to; empty where the host does not say. */
  itemId: string
  /** All of the part so far. */
  text: string
  data: Record<string, unknown>
}

interface Pending {
  piece: Piece
  /** Whether some of the part was recorded before, so that the rest is a further piece of it. */
  isFurther: boolean
}

export interface RepliesOptions {
  directory: Directory
  /** Each piece as it comes, instead of one event a part. */
  keepsPieces: boolean
}

/** Folds the stream of replies, and joins it with what hosts write to the transcript. */
export interface Replies {
  streamed(piece: Piece): Draft[]
  /** A reply that is written to the transcript: recorded where the stream did not bring it. */
  written(message: WrittenReply): Draft[]
  /** What is left of a run's replies: it ended, or calls a tool. */
  finish(runId: string): Draft[]
  /** Parts that have been silent since before `before`. */
  overdue(before: number): Draft[]
  /** Everything: the process ends. */
  finishAll(): Draft[]
}

export interface WrittenReply {
  draft: Draft
  text: string
}

/** Runs whose replies are folded at the same time; more than any host has. */
const pendingLimit = 1000
/** Replies of one session that the stream may still bring. */
const writtenLimit = 20

export function createReplies({directory, keepsPieces}: RepliesOptions): Replies {
  const pending = new Map<string, Pending>()
  /** How much of a part was recorded: it may go on after that, or come once more as it was. */
  const recorded = new RecentMap<number>(pendingLimit)

  function flush(key: string, entry: Pending, isPart: boolean): Draft[] {
    pending.delete(key)
    const {piece} = entry
    const session = sessionOf(piece.ids)
    if (piece.type === 'conversation.message.out') {
      if (session !== undefined && takeWritten(session, piece.text)) return []
      noteSpoken(piece.ids, session)
    }
    recorded.put(partKey(piece), piece.text.length)
    return [draftOf(piece, runOf(piece.ids), isPart || entry.isFurther)]
  }

  function keep(piece: Piece): Draft[] {
    const session = sessionOf(piece.ids)
    if (piece.type === 'conversation.message.out') {
      if (session !== undefined && takeWritten(session, piece.text)) return []
      noteSpoken(piece.ids, session)
    }
    return [draftOf(piece, runOf(piece.ids), true)]
  }

  function sessionOf({sessionKey}: Ids): KnownSession | undefined {
    return sessionKey === undefined ? undefined : directory.session(sessionKey)
  }

  function runOf({runId}: Ids): KnownRun | undefined {
    return runId === undefined ? undefined : directory.run(runId)
  }

  function noteSpoken(ids: Ids, session: KnownSession | undefined): void {
    const run = runOf(ids)
    if (run !== undefined) run.hasSpoken = true
    if (session !== undefined) session.hasStreamed = true
  }

  function flushSession(sessionKey: string | undefined, text: string): {drafts: Draft[]; isBehind: boolean} {
    const drafts: Draft[] = []
    let isBehind = false
    for (const [key, entry] of pending) {
      const {piece} = entry
      if (piece.ids.sessionKey !== sessionKey || piece.type !== 'conversation.message.out') continue
      // The stream may lag behind: what is written is the whole.
      if (piece.text.length < text.length && text.startsWith(piece.text)) {
        isBehind = true
        entry.piece = {...piece, text}
      }
      drafts.push(...flush(key, entry, false))
    }
    return {drafts, isBehind}
  }

  function expectStreamed(session: KnownSession, text: string): void {
    session.written.push(text)
    if (session.written.length > writtenLimit) session.written.shift()
  }

  return {
    streamed(piece) {
      if (keepsPieces) return keep(piece)
      const key = `${piece.type} ${piece.ids.runId ?? piece.ids.sessionKey ?? ''}`
      const before = pending.get(key)
      const isSamePart = before !== undefined && before.piece.itemId === piece.itemId && continues(before.piece, piece)
      const drafts = before !== undefined && !isSamePart ? flush(key, before, false) : []
      const already = isSamePart || piece.itemId === '' ? undefined : recorded.peek(partKey(piece))
      if (already !== undefined && piece.text.length <= already) return drafts
      pending.set(key, {piece, isFurther: isSamePart ? before.isFurther : already !== undefined})
      if (pending.size <= pendingLimit) return drafts
      const [oldest] = pending
      return oldest === undefined ? drafts : [...drafts, ...flush(oldest[0], oldest[1], true)]
    },
    written({draft, text}) {
      const {sessionKey} = draft
      const session = sessionOf(draft)
      if (session === undefined) return [draft]
      const {drafts, isBehind} = flushSession(sessionKey, text)
      if (isBehind || !session.hasStreamed) expectStreamed(session, text)
      if (session.hasStreamed) {
        session.hasStreamed = false
        return enriched(drafts, draft)
      }
      const run = runOf(draft)
      if (run !== undefined) run.hasSpoken = true
      return [draft]
    },
    finish(runId) {
      const drafts: Draft[] = []
      for (const type of ['agent.reasoning', 'conversation.message.out']) {
        const key = `${type} ${runId}`
        const entry = pending.get(key)
        if (entry !== undefined) drafts.push(...flush(key, entry, false))
      }
      return drafts
    },
    overdue(before) {
      const drafts: Draft[] = []
      for (const [key, entry] of pending) if (entry.piece.at < before) drafts.push(...flush(key, entry, true))
      return drafts
    },
    finishAll: () => [...pending].flatMap(([key, entry]) => flush(key, entry, false)),
  }
}

/** Without a name for parts, a text that does not go on from the last one begins another. */
function continues(before: Piece, piece: Piece): boolean {
  return piece.itemId !== '' || piece.text.startsWith(before.text)
}

function partKey({ids, itemId, type}: Piece): string {
  return `${type} ${ids.runId ?? ''} ${itemId}`
}

/** A reply is written once and streamed once: each cancels the other, and a second one like it is another. */
function takeWritten(session: KnownSession, text: string): boolean {
  if (session.written.length === 0) return false
  const wanted = bare(text)
  const index = session.written.findIndex((written) => isSameReply(bare(written), wanted))
  if (index < 0) return false
  session.written.splice(index, 1)
  return true
}

/** Hosts take marks of their own out of a text that they stream. */
function isSameReply(written: string, streamed: string): boolean {
  return written === streamed || (streamed.length * 2 > written.length && written.includes(streamed))
}

function bare(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** What only the transcript knows of a reply: its model and usage. */
function enriched(drafts: Draft[], {metadata}: Draft): Draft[] {
  const last = drafts.at(-1)
  if (last !== undefined) last.metadata = present({...last.metadata, ...metadata})
  return drafts
}

function draftOf(piece: Piece, run: KnownRun | undefined, isPiece: boolean): Draft {
  const {type, ids, at, eventName, stream, seq, text, data} = piece
  const {delta, ...rest} = data
  return {
    ...ids,
    type,
    eventName,
    source: 'agent-event',
    at,
    stream,
    seq,
    // A delta says that more of the part may follow or came before: readers then count only the newest.
    data: {...rest, ...(isPiece && {delta: delta ?? ''}), text},
    metadata: present({model: run?.model, provider: run?.provider, channel: run?.channel}),
  }
}
