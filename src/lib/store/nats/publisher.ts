import {createInbox, type Msg} from '@nats-io/transport-node'
import type {ClawError} from '../../errors.ts'
import type {ClawEvent} from '../../event/envelope.ts'
import type {AppendResult} from '../port.ts'
import {type AppendJob, createAppendJob, ofEvent} from './append-job.ts'
import type {ChainMark} from './chain.ts'
import {
  type ApiProblem,
  apiFailure,
  failureOf,
  isTemporary,
  isUnreachable,
  otherSubjects,
  replacedStream,
  unreachable,
} from './failures.ts'
import {delay, type Link} from './link.ts'
import {createHeaderWriter, type Outgoing, outgoingOf, type StreamLimits} from './outgoing.ts'
import {covers} from './pushdown.ts'
import {createSendWindow} from './send-window.ts'
import {messageIdsAfter, settledInfo} from './settled.ts'
import {watchSilence} from './silence.ts'
import type {SubjectGrammar} from './subjects.ts'
import {createWriterChain} from './writer-chain.ts'

export interface PublisherOptions {
  link: Link
  grammar: SubjectGrammar
  limits: StreamLimits
  /** When the stream was made. */
  created: string
  /**
   * How many servers keep the stream; 1. With more than one, each message waits for the one before it: when its leader
   * changes, the server may lose a message and store the next one.
   */
  replicas?: number
  /** The stream's last sequence before anything is published here. */
  lastSeq: number
  /** How long the server may owe acknowledgements before what it has is looked up; 5 s. */
  silentMs?: number
  /** How long nothing may be acknowledged before the appends that wait for it fail; 30 s. */
  retryForMs?: number
}

export interface Publisher {
  /** Stores the events in order; calls are served in the order in which they were made. */
  append(events: readonly ClawEvent[]): Promise<AppendResult>
  /** The highest sequence that was acknowledged so far. */
  lastSeq(): number
  /** Resolves when everything that was appended is stored or has failed. */
  idle(): Promise<void>
  close(): void
}

interface Sent {
  job: AppendJob
  message: Outgoing
  /** Made when it is first sent, and the same whenever it is sent again. */
  mark: ChainMark
  bytes: number
  /** Its sequence will be higher than this. */
  after: number
  isResent: boolean
}

interface Acknowledgement {
  stream: string
  seq: number
  duplicate?: boolean
  error?: ApiProblem
}

const windowBytes = 16 * 2 ** 20
const retryMs = 250

/**
 * Publishes with a bounded number of outstanding acknowledgements over one reply subscription. The client's own
 * `publish` makes a promise, a timer and an inbox entry for each message, which takes three times as long.
 *
 * What was not acknowledged when the connection broke or the server fell silent is looked for in the stream, and only
 * what is not there is sent again, in order: the duplicate window may be shorter than the interruption.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const {link, grammar, limits, created, replicas = 1, lastSeq, silentMs = 5000, retryForMs = 30_000} = options
  const {nc, target} = link
  const inbox = `${createInbox(target.inbox)}.`
  const utf8 = new TextDecoder()
  const headersOf = createHeaderWriter()
  const window = createSendWindow<Sent>(windowBytes)
  const chain = createWriterChain()
  const queue: AppendJob[] = []
  const open = new Set<AppendJob>()
  let highest = lastSeq
  let heardAt = 0
  let outages = 0
  let isRecovering = false
  let isOneByOne = replicas > 1

  const subscription = nc.subscribe(`${inbox}*`, {
    callback: (error, msg) => (error ? failAll(failureOf(error, target)) : receive(msg)),
  })
  const silence = watchSilence({
    silentMs,
    isDue: () => window.count > 0 && !isRecovering,
    onSilence() {
      link.moveOn()
      startRecovery()
    },
  })
  const unlisten = link.listen((event) => {
    if (event.type === 'offline') outages++
    if (event.type === 'offline' && window.count > 0) startRecovery()
    if (event.type === 'closed') failAll(event.error ?? unreachable(target, 'the connection was closed'))
    if (event.type === 'denied') deny(event.subject, event.error)
  })

  function pump(): void {
    while (queue.length > 0 && !isRecovering && !isFull()) {
      // The client throws away what is sent while there is no connection.
      if (!link.isOnline()) {
        startRecovery()
        return
      }
      const job = queue[0]!
      const event = job.next()
      if (event === undefined) queue.shift()
      else sendFirst(job, event)
    }
  }

  function isFull(): boolean {
    return isOneByOne ? window.count > 0 : window.isFull()
  }

  function sendFirst(job: AppendJob, event: ClawEvent): void {
    if (window.count === 0) noteLife()
    try {
      const message = outgoingOf(event, link, grammar, limits)
      const mark = chain.mark(message.body, window.count === 0)
      send({job, message, mark, bytes: message.body.length, after: highest, isResent: false})
      job.sent()
    } catch (thrown) {
      job.unsendable(failureOf(thrown, target), event.eventId)
    }
  }

  function send(sent: Sent): void {
    const {subject, body} = sent.message
    nc.publish(subject, body, {reply: `${inbox}${window.next}`, headers: headersOf(sent.message, sent.mark)})
    window.add(sent)
  }

  function receive(msg: Msg): void {
    const number = Number(msg.subject.slice(inbox.length))
    const sent = window.get(number)
    // Undefined: it acknowledges something that was sent again since, or given up.
    if (sent === undefined) return
    if (msg.data.length === 0) startRecovery(() => whyUnclaimed(sent.message))
    else acknowledge(number, sent, acknowledgementIn(utf8.decode(msg.data)))
  }

  function acknowledge(number: number, sent: Sent, {stream, seq, duplicate = false, error}: Acknowledgement): void {
    const {job, message, mark, isResent} = sent
    if (error && isTemporary(error)) {
      startRecovery()
      return
    }
    noteLife()
    const isInOrder = number === window.oldest && seq > highest
    window.remove(number)
    if (seq > highest) highest = seq
    if (error) job.refused(apiFailure(error, target), message.eventId)
    else if (stream !== target.stream) job.refused(otherSubjects(target, message.subject, stream), message.eventId)
    else {
      const isDuplicate = duplicate && !isResent
      if (!isDuplicate) noteStored(mark, isInOrder)
      job.stored(isDuplicate)
    }
    pump()
  }

  /** The chain says in which order messages are in the stream, so it must be certain. */
  function noteStored(mark: ChainMark, isInOrder: boolean): void {
    if (isInOrder) chain.stored(mark)
    else chain.restart()
  }

  function noteLife(): void {
    heardAt = performance.now()
    silence.heard()
  }

  /** No stream answered: ours is gone, takes other subjects, or has no leader for a moment. */
  async function whyUnclaimed({subject, eventId}: Outgoing): Promise<void> {
    const {config} = await link.streamInfo()
    if (config.subjects.some((pattern) => covers(pattern, subject))) return
    throw ofEvent(otherSubjects(target, subject), eventId)
  }

  function startRecovery(check?: () => Promise<void>): void {
    if (isRecovering) return
    isRecovering = true
    chain.restart()
    if (window.count === 0) noteLife()
    recover(check)
      .catch((thrown) => failAll(failureOf(thrown, target)))
      .finally(() => {
        isRecovering = false
        pump()
      })
  }

  async function recover(check?: () => Promise<void>): Promise<void> {
    for (;;) {
      const outagesBefore = outages
      const leftMs = heardAt + retryForMs - performance.now()
      try {
        if (leftMs < 0) throw unreachable(target, `nothing was acknowledged for ${retryForMs / 1000} s`)
        await link.online(leftMs)
        await check?.()
        if (window.count > 0) await sendMissing()
        // A connection that was lost meanwhile took what was sent over it along.
        if (outages === outagesBefore) return
      } catch (thrown) {
        if (!isUnreachable(thrown) || leftMs < 0) throw thrown
        await delay(retryMs)
      }
    }
  }

  async function sendMissing(): Promise<void> {
    const info = await settledInfo(link)
    if (info.created !== created) throw replacedStream(target)
    isOneByOne = info.config.num_replicas > 1
    const from = window.entries()[0]?.[1].after ?? highest
    const stored = await messageIdsAfter(link, info, from)
    silence.heard()
    // All of it at once, so that nothing can come between: the order of events is that of the call.
    for (const sent of window.takeAll()) {
      if (stored.has(sent.message.messageId)) sent.job.stored(false)
      else sendAgain(sent)
    }
  }

  function sendAgain(sent: Sent): void {
    try {
      send({...sent, isResent: true})
    } catch (thrown) {
      sent.job.refused(failureOf(thrown, target), sent.message.eventId)
    }
  }

  /** The server tells the connection that a subject is not allowed, and no message of it is ever acknowledged. */
  function deny(subject: string, failure: ClawError): void {
    for (const [number, {job, message}] of window.entries()) {
      if (message.subject !== subject) continue
      window.remove(number)
      job.refused(failure, message.eventId)
    }
    pump()
  }

  function failAll(failure: ClawError): void {
    window.takeAll()
    queue.length = 0
    for (const job of [...open]) job.abandon(failure)
  }

  return {
    async append(events) {
      if (events.length === 0) return {appended: 0, duplicates: 0}
      const job = createAppendJob(events, (done) => open.delete(done))
      open.add(job)
      queue.push(job)
      pump()
      return job.result
    },
    lastSeq: () => highest,
    async idle() {
      await Promise.allSettled([...open].map(({result}) => result))
    },
    close() {
      silence.stop()
      unlisten()
      if (!nc.isClosed()) subscription.unsubscribe()
    },
  }
}

/** Never throws: an exception here would end the client's reading of its connection. */
function acknowledgementIn(text: string): Acknowledgement {
  try {
    return JSON.parse(text)
  } catch {
    return {stream: '', seq: 0, error: {code: 0, err_code: 0, description: `it answered ${text.slice(0, 80)}`}}
  }
}
