import type {StreamConfig} from '@nats-io/jetstream'
import {headers} from '@nats-io/transport-node'
import {ClawError} from '../../errors.ts'
import {type ClawEvent, limits} from '../../event/envelope.ts'
import {serialize} from '../../event/shorten.ts'
import {erasureType} from '../erasure.ts'
import {type ChainMark, chainHeader, markText} from './chain.ts'
import type {Link} from './link.ts'
import {escapeCharacters, type SubjectGrammar} from './subjects.ts'

/** An event on its way into the stream. */
export interface Outgoing {
  eventId: string
  messageId: string
  subject: string
  /** The event's JSON. */
  body: Uint8Array
  /** Exempt from the stream's greatest age. */
  isForever: boolean
}

export interface StreamLimits {
  /** Bytes of one message, from the stream's configuration; 0 or less: the server's own limit alone. */
  maxMessageSize: number
  /** The stream takes messages of its greatest age no more into account that say so (2.11 and later). */
  takesForever: boolean
}

export function limitsOf(config: StreamConfig): StreamLimits {
  return {
    maxMessageSize: config.max_msg_size,
    takesForever: config.allow_msg_ttl === true && config.max_age > 0,
  }
}

/** Each byte of an id is written as up to three. */
const mostIdText = limits.eventIdBytes * 3
/** What our headers may need of a message's size, whose mark has up to 130 characters. */
const headerRoom = mostIdText + 288
/** A server hangs up when subject, reply subject and sizes are longer than 4096 bytes together. */
const mostSubjectText = 3500
const outsideHeaderText = /[^\x21-\x24\x26-\x7e]/gu
const isHeaderText = /^[\x21-\x24\x26-\x7e]+$/

/** The `Nats-Msg-Id` of an event: its id, with what a header cannot hold percent-encoded. */
export function messageIdOf(eventId: string): string {
  return isHeaderText.test(eventId) ? eventId : escapeCharacters(eventId, outsideHeaderText)
}

/** The event as a message, its longest strings cut where the server would refuse its size. */
export function outgoingOf(
  event: ClawEvent,
  link: Link,
  grammar: SubjectGrammar,
  streamLimits: StreamLimits,
): Outgoing {
  const {maxMessageSize, takesForever} = streamLimits
  const largest = maxMessageSize > 0 ? Math.min(maxMessageSize, link.maxPayload()) : link.maxPayload()
  const messageId = messageIdOf(event.eventId)
  const subject = grammar.subjectOf(event)
  if (messageId.length > mostIdText || subject.length > mostSubjectText) {
    const {eventIdBytes, agentIdBytes, typeBytes} = limits
    const most = `${eventIdBytes} bytes of id, ${agentIdBytes} of agent id and ${typeBytes} of type`
    throw new ClawError('EVENT_INVALID', `its names are too long for a stream, which takes ${most}`)
  }
  return {
    eventId: event.eventId,
    messageId,
    subject,
    // The client would make bytes of it, too; so they can be hashed on the way.
    body: Buffer.from(serialize(event, largest - headerRoom).json),
    isForever: takesForever && (event.type.startsWith('memory.') || event.type === erasureType),
  }
}

/**
 * Headers that are encoded by us. The client's own keep a map of lists and check every name and value again, which
 * costs about as much as sending the message; it asks them for nothing but `encode`.
 */
export function createHeaderWriter(): (outgoing: Outgoing, mark: ChainMark) => ReturnType<typeof headers> {
  let encoded = new Uint8Array()
  const writer = Object.assign(headers(), {encode: () => encoded})
  return ({messageId, isForever}, mark) => {
    const forever = isForever ? 'Nats-TTL: never\r\n' : ''
    const chain = `${chainHeader}: ${markText(mark)}\r\n`
    encoded = Buffer.from(`NATS/1.0\r\nNats-Msg-Id: ${messageId}\r\n${chain}${forever}\r\n`, 'latin1')
    return writer
  }
}
