import {setImmediate} from 'node:timers/promises'
import type {ClawEvent} from '../../event/envelope.ts'
import {parseText, textOf, wordsOf} from '../../filter/text.ts'
import type {Connection} from './connection.ts'
import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'
import type {Writer} from './write.ts'
import {turnMs} from './write.ts'

/** FTS5 cuts longer tokens at 32 768 bytes, and a word has up to 3 bytes a unit. */
const longestWord = 10_000

/**
 * A text query (filter/text.ts) in the language of FTS5. The index is fed with the same words, one by one, so it
 * finds the same events; undefined when a word is too long for that.
 */
export function matchExpression(text: string): string | undefined {
  const {words, phrases} = parseText(text)
  const quoted = [...words, ...phrases.map((phrase) => phrase.join(' '))].map((terms) => `"${terms}"`)
  return [...words, ...phrases.flat()].every((word) => word.length <= longestWord) ? quoted.join(' AND ') : undefined
}

/** Brings the text index up to the newest event of the moment of the call, in pieces as short as an append's. */
export async function catchUpText(file: LogFile, writer: Writer, signal?: AbortSignal): Promise<void> {
  const goal = lastSeq(file.reader())
  let done = indexedUpTo(file.reader())
  while (done < goal) {
    done = await writer.write(indexPiece)
    // A lock that is free is taken at once, so without it nothing else in this process would have its turn.
    await setImmediate()
    signal?.throwIfAborted()
  }
}

function indexedUpTo({sql}: Connection): number {
  return Number(sql('SELECT last_seq FROM words_state').get()?.['last_seq'])
}

function indexPiece(connection: Connection): number {
  const {sql} = connection
  const end = performance.now() + turnMs
  const insert = sql('INSERT INTO words (rowid, text) VALUES (?, ?)')
  let done = indexedUpTo(connection)
  for (const {seq, body} of sql('SELECT seq, body FROM events WHERE seq > ? ORDER BY seq').iterate(done)) {
    insert.run(Number(seq), wordsOfBody(String(body)))
    done = Number(seq)
    if (performance.now() > end) break
  }
  sql('UPDATE words_state SET last_seq = ?').run(done)
  return done
}

function wordsOfBody(body: string): string {
  try {
    return wordsOf(textOf(JSON.parse(body) as ClawEvent)).join(' ')
  } catch (thrown) {
    // Somebody changed the body: `verify` names it. One such event must not keep the others out of the index.
    if (thrown instanceof SyntaxError) return ''
    throw thrown
  }
}
