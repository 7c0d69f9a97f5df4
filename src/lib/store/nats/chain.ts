import {hash} from 'node:crypto'

/**
 * The hash chain of a stream. Several writers publish at once, so each keeps a chain of its own; and since the server
 * may turn a message away (a duplicate), a message does not vouch for the one before it, but for all that the server
 * had acknowledged when it was sent. All digests are SHA-256, in base64url.
 */
export const chainHeader = 'Claw-Chain'

/** What a message's header says: `<writer> <number> <covered> <sum> <digest>`. */
export interface ChainMark {
  /** Which writer: a new one for every connection, and after every interruption of one. */
  writer: string
  /** Counts the writer's messages from 1 on, those too that the server turned away. */
  number: number
  /** The highest number that the sum is over. */
  covered: number
  /** Over numbers and digests of all messages of the writer that are in the stream, up to `covered`. */
  sum: string
  /** Of the message's body. */
  digest: string
}

export function markText({writer, number, covered, sum, digest}: ChainMark): string {
  return `${writer} ${number} ${covered} ${sum} ${digest}`
}

const form = /^([A-Za-z0-9_-]{1,64}) (\d{1,15}) (\d{1,15}) ([A-Za-z0-9_-]{43}) ([A-Za-z0-9_-]{43})$/

/** Undefined for a text that is no mark. */
export function parseMark(text: string): ChainMark | undefined {
  const found = form.exec(text)
  if (!found) return undefined
  const [, writer = '', number, covered, sum = '', digest = ''] = found
  return {writer, number: Number(number), covered: Number(covered), sum, digest}
}

/** What stands for a message in sums, in anchors, and in the record of its erasure. */
export function digestOf(body: Uint8Array): string {
  return hash('sha256', body, 'base64url')
}

/** Numbers of one group: a sum is over whole groups and a part of one, so that it does not depend on who asks when. */
export const groupSize = 64

/** The sum of a writer that has nothing in the stream yet. */
export function startSum(writer: string): string {
  return hash('sha256', writer, 'base64url')
}

export interface Numbered {
  number: number
  digest: string
}

/** The sum after one more group, or a part of it: over a line `<number> <digest>` for each message, as they lie in the stream. */
export function nextSum(sum: string, messages: readonly Numbered[]): string {
  let text = sum
  for (const {number, digest} of messages) text += `\n${number} ${digest}`
  return hash('sha256', text, 'base64url')
}
