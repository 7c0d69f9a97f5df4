import {randomUUID} from 'node:crypto'
import {AckPolicy, type ConsumerConfig, DeliverPolicy, JsHeaders} from '@nats-io/jetstream'
import {createInbox, type Msg, nanos} from '@nats-io/transport-node'
import {ClawError, messageOf} from '../../errors.ts'
import {failureOf} from './failures.ts'
import {type Link, within} from './link.ts'
import {createPlaceReader, type Place} from './place.ts'

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

/** What may be on its way or waiting to be taken: less at first, since it is not known yet how large messages are. */
const firstWindow = 256
const mostWindow = 4096
const windowBytes = 8 * 2 ** 20
/** From the first message of this size on the server is told not to send more bytes than we want, which slows it down. */
const largeMessage = 8 * 2 ** 10
const heartbeatMs = 1000
const tickMs = 500
/** Ticks without any sign of the server. They are counted, so that a busy process does not take itself for a silent server. */
const silentTicks = 5
const pongMs = 1000
const pullExpiresMs = 30_000
/** The server forgets a consumer that nothing was pulled from for so long; it is then made anew. */
const inactiveMs = 300_000

/**
 * An ephemeral pull consumer of our own: the client's ordered consumer makes a promise and a queue entry for each
 * message, cannot be told to stop at a sequence, and repairs itself in ways that a follower does not get to know.
 */
export async function openConsumer(link: Link, options: ConsumerOptions): Promise<Consumer> {
  const {nc, jsm, target} = link
  const {from, subjects = [], headersOnly, atMost = Number.POSITIVE_INFINITY, signal, onLost} = options
  const name = `claw-${randomUUID()}`
  const inbox = createInbox()
  const nextSubject = `$JS.API.CONSUMER.MSG.NEXT.${target.stream}.${name}`

  const placeOf = createPlaceReader()
  let arrived: Delivered[] = []
  let arrivedBytes = 0
  let asked = 0
  let budget = atMost
  let window = firstWindow
  let hasLarge = false
  let maxBytes = windowBytes
  let sincePull = 0
  let delivered = 0
  let quietTicks = 0
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

  /** Keeps the window full while it is being emptied, so that the server never waits for us. */
  function pull(): void {
    const room = Math.min(window - asked - arrived.length, budget)
    if (room <= 0 || arrivedBytes > windowBytes / 2) return
    window = Math.min(window * 2, mostWindow)
    asked += room
    budget -= room
    sincePull = 0
    const request = {
      batch: room,
      expires: nanos(pullExpiresMs),
      idle_heartbeat: nanos(heartbeatMs),
      ...(hasLarge && {max_bytes: maxBytes}),
    }
    nc.publish(nextSubject, JSON.stringify(request), {reply: inbox})
  }

  function receive(msg: Msg): void {
    quietTicks = 0
    const {reply = ''} = msg
    // Only messages of the stream have a reply subject: it tells their place.
    if (reply === '') status(msg)
    else keep(msg, placeOf(reply))
  }

  function keep(msg: Msg, place: Place): void {
    // Sequences of the consumer have no gaps: one missing means that a message was lost on the way.
    if (place.delivery !== ++delivered) {
      lose('a message was lost on the way')
      return
    }
    const {data} = msg
    arrived.push({seq: place.seq, storedMs: place.storedMs, pending: place.pending, data, msg})
    arrivedBytes += data.length
    asked--
    sincePull++
    if (data.length > largeMessage) hasLarge = true
    if (asked < window / 2) pull()
    wake()
  }

  function status({headers}: Msg): void {
    const code = headers?.code ?? 0
    if (code === 100) {
      hasBeat = true
      wake()
      return
    }
    const {description = ''} = headers ?? {}
    const isTooBig = code === 409 && /maxbytes/i.test(description)
    if (code !== 408 && code !== 404 && !isTooBig) {
      lose(description || `status ${code}`)
      return
    }
    // The rest of a pull request that ended: nothing more comes for it.
    const unused = Number(headers?.get(JsHeaders.PendingMessagesHdr) || 0)
    asked = Math.max(0, asked - unused)
    budget += unused
    // A single message larger than all that we asked for: it would never come.
    if (isTooBig && sincePull === 0) maxBytes *= 4
    pull()
  }

  function tick(): void {
    // Nothing is to be heard while the window is full and nothing was asked for.
    quietTicks = asked > 0 ? quietTicks + 1 : 0
    if (quietTicks === silentTicks) examine().catch((thrown) => lose(messageOf(thrown)))
  }

  /** Tells a server that is gone from one that is busy looking for the next message, and from a forgotten consumer. */
  async function examine(): Promise<void> {
    const hasAnswered = await within(
      pongMs,
      nc.flush().then(() => true),
    )
    if (!hasAnswered) return lose(`no sign of the server for ${(silentTicks * tickMs + pongMs) / 1000} s`)
    await link.ask(() => jsm.consumers.info(target.stream, name))
    quietTicks = 0
  }

  function stop(): void {
    clearInterval(timer)
    unlisten()
    if (!nc.isClosed()) sub.unsubscribe()
  }

  const config: Partial<ConsumerConfig> = {
    name,
    ...startAt(from),
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(inactiveMs),
    mem_storage: true,
    num_replicas: 1,
    ...(headersOnly && {headers_only: true}),
    ...(subjects.length === 1 && {filter_subject: subjects[0]}),
    ...(subjects.length > 1 && {filter_subjects: [...subjects]}),
  }
  const sub = nc.subscribe(inbox, {
    callback: (error, msg) => (error ? lose(failureOf(error, target)) : receive(msg)),
  })
  const timer = setInterval(tick, tickMs)
  const unlisten = link.listen((event) => {
    if (event.type === 'offline') lose('the connection was lost')
    if (event.type === 'closed') lose(event.error ?? 'the connection was closed')
    if (event.type === 'denied' && event.subject === nextSubject) lose(event.error)
  })

  try {
    const info = await link.ask(() => jsm.consumers.add(target.stream, config), signal)
    pull()
    return {
      pending: info.num_pending,
      async take() {
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
        if (!lost && asked < window / 2) pull()
        return taken
      },
      async isDrained() {
        const {num_pending, delivered: sent} = await link.ask(() => jsm.consumers.info(target.stream, name))
        return num_pending === 0 && sent.consumer_seq === delivered && arrived.length === 0
      },
      close() {
        if (isClosed) return
        isClosed = true
        if (!lost) stop()
        wake()
        // Left alone, it would cost the server memory until `inactiveMs` are over.
        if (link.isOnline()) jsm.consumers.delete(target.stream, name).catch(() => undefined)
      },
    }
  } catch (thrown) {
    stop()
    throw thrown
  }
}

function startAt(from: number | Date): Partial<ConsumerConfig> {
  if (from instanceof Date) return {deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.toISOString()}
  return {deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from)}
}
