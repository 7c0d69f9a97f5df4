import type {WebSocket} from 'ws'
import {ClawError, Exit, messageOf} from '../../errors.ts'
import type {Filter} from '../../filter/filter.ts'
import {type EventStore, type FollowHealth, logStart} from '../../store/port.ts'
import type {Diagnostics} from '../diagnostics.ts'
import {type AckWriter, createAckWriter} from './ack-writer.ts'
import type {Acknowledgements} from './acknowledgements.ts'
import type {Connection} from './connection.ts'
import type {Encode} from './encode.ts'
import type {Audience, Feed} from './feed.ts'
import type {Guest} from './gate.ts'
import type {WebSocketLimits} from './limits.ts'
import {type ClientMessage, idOf, readMessage} from './messages.ts'
import {readPiece} from './read-piece.ts'
import type {Rights} from './rights.ts'
import type {Shares} from './shares.ts'
import {startPlace} from './start-place.ts'
import {openStream, type Stream} from './stream.ts'
import {audienceOf, isCostly, plainAudience, storeFilter} from './subscription-filter.ts'

/** What all clients of a server share. */
export interface Hub {
  feed: Feed
  store: EventStore
  encode: Encode
  acknowledgements: Acknowledgements
  costly: Shares
  /** Runs a read of the log when it is its turn. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  limits: WebSocketLimits
  diagnostics: Diagnostics
  /** Epoch milliseconds. */
  now: () => number
  onSent(count: number): void
  onMissed(count: number): void
}

/** One client: what it asked for, and what it gets. */
export interface Session {
  /** Tells a client that speaks the protocol whether the log is heard. */
  tell(health: FollowHealth): void
  /** Resolves when its acknowledgements are saved. The connection is closed by whoever opened it. */
  end(): Promise<void>
}

const welcome = 'Connected to OpenClaw Event Server broadcast'

/** Greets a client as S3 does and sends it all that comes, unless it is quiet, until it asks for something else. */
export function openSession(ws: WebSocket, connection: Connection, hub: Hub, {isQuiet}: Guest): Session {
  const {rights} = connection
  const {feed, store, limits, now} = hub
  let stream: Stream | undefined
  let giveBack: (() => void) | undefined
  let acks: AckWriter | undefined
  let isSubscriber = false

  function follow(audience: Audience, filter: Filter, from?: string): void {
    const source = {store, encode: hub.encode, audience, filter: storeFilter(filter, rights)}
    stream = openStream({
      connection,
      feed,
      audience,
      limits,
      from,
      // When its turn comes it may not be wanted any more.
      read: (after, end, isWanted) =>
        hub.inTurn(async () => (isWanted() ? readPiece(source, after, end) : {count: 0, to: end})),
      onSent: hub.onSent,
      onMissed: hub.onMissed,
      onFault: (error) => {
        leave()
        refuse(error)
      },
    })
  }

  async function subscribe(message: Extract<ClientMessage, {type: 'subscribe'}>): Promise<void> {
    const {id, filter} = message
    assertAllowed(filter, rights)
    const audience = await audienceOf(rights, filter, limits)
    const share = isCostly(filter) ? claimCostly(audience) : undefined
    try {
      const place = await startPlace({...hub, heard: feed.position}, message, rights)
      const {position, reader, isNew, oldest} = place
      // It may have gone meanwhile, and nobody would end what is begun now.
      if (!connection.isOpen()) return share?.()
      leave()
      giveBack = share
      void acks?.end()
      acks =
        reader === undefined
          ? undefined
          : createAckWriter({...hub, connection, reader, sent: () => stream?.place() ?? logStart})
      isSubscriber = true
      connection.reply({type: 'subscribed', id, from: position ?? feed.position(), isNew, oldest, ...limitsOf(rights)})
      follow(audience, filter, position)
    } catch (error) {
      share?.()
      throw error
    }
  }

  function claimCostly({key}: Audience): () => void {
    const share = hub.costly.claim(key)
    if (share !== undefined) return share
    throw new ClawError('FILTER_INVALID', 'there are too many subscriptions with different where or text conditions', {
      suggestions: ['filter by types, agents, sessions, runs or tools, and look closer yourself'],
    })
  }

  /** What was taken until now is sent first. */
  function leave(): void {
    stream?.end()
    giveBack?.()
    giveBack = undefined
  }

  async function handle(text: string): Promise<void> {
    if (!connection.isOpen()) return
    try {
      const message = readMessage(text, now())
      if (message === undefined) return
      const {type, id} = message
      if (type === 'subscribe') await subscribe(message)
      else if (type === 'unsubscribe') {
        leave()
        connection.reply({type: 'unsubscribed', id})
      } else if (type === 'ping') connection.reply({type: 'pong', id, timestamp: new Date(now()).toISOString()})
      else if (acks === undefined) throw needsClient()
      else acks.add(message)
    } catch (error) {
      refuse(error, idOf(text))
    }
  }

  /** Says what was wrong with what the client asked; what was wrong here is for the operator only. */
  function refuse(error: unknown, id?: string): void {
    if (error instanceof ClawError && (error.code === 'INPUT_INVALID' || error.code === 'FILTER_INVALID')) {
      const message = [error.message, ...error.suggestions].join('; ')
      connection.reply({type: 'error', id, code: error.code, message})
      return
    }
    hub.diagnostics.warn(`WebSocket: a subscription of ${connection.address} failed: ${messageOf(error)}`)
    connection.reply({type: 'error', id, code: 'FAILED', message: 'the event log cannot be read now; connect again'})
    connection.close(1011, 'the event log cannot be read now')
  }

  // One message after the other; a client that sends faster than they are dealt with is not read for a while.
  let turn = Promise.resolve()
  let waiting = 0
  ws.on('message', (data, isBinary) => {
    if (isBinary) return
    if (++waiting >= limits.messages) ws.pause()
    turn = turn.then(async () => {
      await handle(data.toString())
      if (--waiting === 0 && ws.isPaused) ws.resume()
    })
  })

  connection.reply({type: 'welcome', message: welcome, timestamp: new Date(now()).toISOString()})
  if (!isQuiet) follow(plainAudience(rights), {})
  return {
    tell({state}) {
      if (isSubscriber) connection.reply({type: 'health', state})
    },
    async end() {
      leave()
      await acks?.end()
    },
  }
}

function limitsOf({agents, types}: Rights): {limitedTo?: {agents?: readonly string[]; types?: readonly string[]}} {
  return agents === undefined && types === undefined ? {} : {limitedTo: {agents, types}}
}

function assertAllowed({agents = []}: Filter, rights: Rights): void {
  const other = agents.find((agent) => rights.agents?.includes(agent) === false)
  if (other === undefined) return
  throw new ClawError('INPUT_INVALID', `this token may not see events of agent ${JSON.stringify(other)}`, {
    exit: Exit.usage,
  })
}

function needsClient(): ClawError {
  return new ClawError('INPUT_INVALID', 'ack needs a subscription that names its client', {
    exit: Exit.usage,
    suggestions: ['subscribe with {"client": "NAME"}'],
  })
}
