import {randomUUID} from 'node:crypto'
import {AckPolicy, type ConsumerConfig, DeliverPolicy, JsHeaders} from '@nats-io/jetstream'
import {createInbox, type Msg, nanos} from '@nats-io/transport-node'
import {ClawError, messageOf} from '../../errors.ts'
import {failureOf} from './failures.ts'
import {askOnce, type Link, within} from './link.ts'
import {createPlaceReader, type Place} from './place.ts'
import {createPullWindow} from './pull-window.ts'
import {watchSilence} from './silence.ts'

/** One message of the stream, as it was delivered. */
export interface Delivered {
  seq: number
  /** When the server stored it, epoch milliseconds. */
  storedMs: number
  /** How many messages that the consumer wants come after it, as the server saw it then. */
  pending: number
  /** The body; the client cuts it out anew each time it is asked. */
  data: Uint8Array
  msg: Msg
}

export interface ConsumerOptions {
  /** The first sequence that is wanted, or the time from which on messages are wanted. */
  from: number | Date
  /** Subject filters; several only on servers from 2.10 on, which older ones would silently ignore. None: all. */
  subjects?: readonly string[]
  headersOnly?: boolean
  /** At most this many messages are asked for in all. */
  atMost?: number
  signal?: AbortSignal
  /** Called once, as soon as it is known, possibly while earlier messages still wait to be taken. */
  onLost?: (reason: string) => void
}

/** Why a consumer will not deliver any more; another one, started after the last message, goes on where it stopped. */
export class ConsumerLost extends Error {}

/** It was not made in the time that a hasty attempt is given. */
class NotMade extends Error {}

export interface Consumer {
  /** How many messages it will deliver, as the server saw it when it was made. */
  readonly pending: number
  /**
   * What has arrived since the last call, in order and without a gap; waits for at least one message. Empty: the
   * server lives and has nothing more for now. Fails with ConsumerLost. After `close`: undefined.
   */
  take(): Promise<readonly Delivered[] | undefined>
  /** Asks the server whether everything that there is has been taken. */
  isDrained(): Promise<boolean>
  close(): void
}

const heartbeatMs = 1000
/** Several heartbeats; together with the time for a pong it stays below the 5 s that a follower is promised. */
const silentMs = 2500
const pongMs = 1000
const pullExpiresMs = 30_000
/** The server forgets a consumer that nothing was pulled from for so long; it is then made anew. */
const inactiveMs = 300_000

/**
 * How long a cluster is given to make a consumer, time after time, before it is waited for in earnest. It takes some
 * milliseconds; but servers before 2.10 give two of five to a server that is down, which never says so.
 */
const hastyMs = [400, 800, 1200, 1600]

/**
 * An ephemeral pull consumer of our own: the client's ordered consumer makes a promise and a queue entry for each
 * message, cannot be told to stop at a sequence, and repairs itself in ways that a follower does not get to know.
 */
export async function openConsumer(link: Link, options: ConsumerOptions): Promise<Consumer> {
  for (const answerMs of link.isClustered() ? hastyMs : []) {
    try {
      return await openOne(link, options, answerMs)
    } catch (thrown) {
      if (!(thrown instanceof NotMade)) throw thrown
    }
  }
  return openOne(link, options)
}

async function openOne(link: Link, options: ConsumerOptions, answerMs?: number): Promise<Consumer> {
  const {nc, jsm, target} = link
  const {atMost = Number.POSITIVE_INFINITY, signal, onLost} = options
  const name = `claw-${randomUUID()}`
  const inbox = createInbox(target.inbox)
  const nextSubject = `${target.api}.CONSUMER.MSG.NEXT.${target.stream}.${name}`
  const placeOf = createPlaceReader()
  const window = createPullWindow(atMost)

  let arrived: Delivered[] = []
  let arrivedBytes = 0
  let delivered = 0
  /** Messages of any kind. */
  let heard = 0
  let hasBeat = false
  let isClosed = false
  let lost: ConsumerLost | ClawError | undefined
  let waiting: PromiseWithResolvers<void> | undefined

  function wake(): void {
    waiting?.resolve()
    waiting = undefined
  }

  /** A failure of our own (no permission) is final; anything else another consumer may do better. */
  function lose(reason: string | ClawError): void {
    if (lost || isClosed) return
    lost = reason instanceof ClawError ? reason : new ConsumerLost(reason)
    stop()
    onLost?.(lost.message)
    wake()
  }

  function pull(): void {
    const size = window.next({messages: arrived.length, bytes: arrivedBytes})
    if (size === undefined) return
    const request = {...size, expires: nanos(pullExpiresMs), idle_heartbeat: nanos(heartbeatMs)}
    nc.publish(nextSubject, JSON.stringify(request), {reply: inbox})
  }

  function receive(msg: Msg): void {
    heard++
    silence.heard()
    const {reply = ''} = msg
    // Only messages of the stream have a reply subject: it tells their place.
    if (reply !== '') keep(msg, placeOf(reply))
    else if (msg.headers?.code !== 100) status(msg)
    else {
      hasBeat = true
      wake()
    }
  }

  function keep(msg: Msg, {seq, delivery, storedMs, pending}: Place): void {
    // Sequences of the consumer have no gaps: one missing means that a message was lost on the way.
    if (delivery !== ++delivered) {
      lose('a message was lost on the way')
      return
    }
    const {data} = msg
    arrived.push({seq, storedMs, pending, data, msg})
    arrivedBytes += data.length
    window.arrived(data.length)
    pull()
    wake()
  }

  /** A pull request came to its end, or the consumer did. */
  function status({headers}: Msg): void {
    const {code = 0, description = ''} = headers ?? {}
    const isTooBig = code === 409 && /maxbytes/i.test(description)
    if (code === 408 || code === 404 || isTooBig) {
      window.ended(Number(headers?.get(JsHeaders.PendingMessagesHdr) || 0), isTooBig)
      pull()
    } else lose(description || `status ${code}`)
  }

  /**
   * Tells a server that is gone from one that is busy looking for the next message, and from one that has forgotten: the
   * consumer, or what it was asked for. That happens when another server than ours was killed, and has it again since.
   */
  async function examine(): Promise<void> {
    const heardBefore = heard
    const pong = nc.flush().then(() => true)
    if (!(await within(pongMs, pong))) throw new Error(`no sign of the server for ${(silentMs + pongMs) / 1000} s`)
    const {num_waiting: requests} = await link.ask(() => jsm.consumers.info(target.stream, name))
    if (requests === 0 && heard === heardBefore) throw new Error('the server has forgotten what it was asked for')
    silence.heard()
  }

  const sub = nc.subscribe(inbox, {
    callback: (error, msg) => (error ? lose(failureOf(error, target)) : receive(msg)),
  })
  const silence = watchSilence({
    silentMs,
    // Nothing is to be heard while as much has arrived as we keep, and nothing was asked for.
    isDue: () => window.asked > 0,
    onSilence: () => void examine().catch((thrown) => lose(messageOf(thrown))),
  })
  const unlisten = link.listen((event) => {
    if (event.type === 'offline') lose('the connection was lost')
    if (event.type === 'closed') lose(event.error ?? 'the connection was closed')
    if (event.type === 'denied' && event.subject === nextSubject) lose(event.error)
  })

  function stop(): void {
    silence.stop()
    unlisten()
    if (!nc.isClosed()) sub.unsubscribe()
  }

  async function take(): Promise<readonly Delivered[] | undefined> {
    if (arrived.length === 0 && !lost && !isClosed && !hasBeat) {
      waiting = Promise.withResolvers()
      await waiting.promise
    }
    if (isClosed) return undefined
    if (arrived.length === 0 && lost) throw lost
    hasBeat = false
    const taken = arrived
    arrived = []
    arrivedBytes = 0
    if (!lost) pull()
    return taken
  }

  async function isDrained(): Promise<boolean> {
    const {num_pending, delivered: sent} = await link.ask(() => jsm.consumers.info(target.stream, name))
    return num_pending === 0 && sent.consumer_seq === delivered && arrived.length === 0
  }

  function close(): void {
    if (isClosed) return
    isClosed = true
    if (!lost) stop()
    wake()
    // Left alone, it would cost the server memory until `inactiveMs` are over.
    if (link.isOnline()) jsm.consumers.delete(target.stream, name).catch(() => undefined)
  }

  try {
    const make = () => jsm.consumers.add(target.stream, configOf(name, options))
    // That nothing is heard of a hasty attempt says nothing about the server that was asked.
    const made = await (answerMs === undefined
      ? link.ask(make, signal)
      : askOnce(link, () => within(answerMs, make()), signal))
    if (made === undefined) throw new NotMade()
    pull()
    return {pending: made.num_pending, take, isDrained, close}
  } catch (thrown) {
    // It may still be made, and would stay.
    if (thrown instanceof NotMade) close()
    else stop()
    throw thrown
  }
}

function configOf(name: string, {from, subjects = [], headersOnly}: ConsumerOptions): Partial<ConsumerConfig> {
  const start =
    from instanceof Date
      ? {deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.toISOString()}
      : {deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from)}
  return {
    name,
    ...start,
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(inactiveMs),
    mem_storage: true,
    num_replicas: 1,
    ...(headersOnly && {headers_only: true}),
    ...(subjects.length === 1 && {filter_subject: subjects[0]}),
    ...(subjects.length > 1 && {filter_subjects: [...subjects]}),
  }
}
