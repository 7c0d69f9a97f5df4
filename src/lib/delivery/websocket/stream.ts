import {setImmediate, setTimeout} from 'node:timers/promises'
import type {Position} from '../../event/envelope.ts'
import type {Connection} from './connection.ts'
import type {Audience, Batch, Feed, Listener} from './feed.ts'
import type {WebSocketLimits} from './limits.ts'
import type {Piece} from './read-piece.ts'

export interface StreamOptions {
  connection: Connection
  feed: Feed
  audience: Audience
  limits: WebSocketLimits
  /** Where to begin: after this place of the log. Absent: with what comes. */
  from?: Position
  /** Reads a part of the log, when it is this client's turn. */
  read(after: Position, end: Position): Promise<Piece>
  onSent(count: number): void
  onMissed(count: number): void
  /** The stream has ended by itself. */
  onFault(error: unknown): void
}

/** The events that one client gets, in log order. */
export interface Stream {
  end(): void
}

/** Between two looks whether the feed has come to a place that another reader has already seen. */
const lagMs = 5

/**
 * Sends what comes, and, from a place on, first all that the log has. Who began at a place misses nothing however slow
 * he is: he is sent the log again, at his pace. Who listens to what comes skips what does not fit into his buffer, and
 * is told.
 */
export function openStream(options: StreamOptions): Stream {
  const {connection, feed, audience, limits, from, read, onSent, onMissed, onFault} = options
  const isLossless = from !== undefined
  const mostHeld = limits.bufferBytes / 2
  /** Up to here everything that is wanted was sent, or told to be missed. */
  let place = from ?? feed.position()
  let missed: {to: Position; count: number} | undefined
  /** What comes while the log is read. */
  let held: Batch[] | undefined
  let heldBytes = 0
  let isEnded = false

  const listener: Listener = {
    take(batch) {
      if (held !== undefined) hold(batch)
      else if (missed !== undefined) skip(batch)
      else if (connection.hasRoom(batch.frames.length)) send(batch)
      else if (isLossless) {
        feed.leave(listener)
        void catchUp()
      } else {
        skip(batch)
        void connection.drained().then(tellMissed)
      }
    },
    fail(error) {
      if (isEnded) return
      end()
      onFault(error)
    },
  }

  function send({frames, count, to}: {frames?: Buffer; count: number; to: Position}): void {
    place = to
    if (frames === undefined || !connection.isOpen()) return
    connection.write(frames)
    onSent(count)
  }

  function skip({count, to}: Batch): void {
    missed = {to, count: (missed?.count ?? 0) + count}
    onMissed(count)
  }

  function tellMissed(): void {
    if (isEnded || missed === undefined) return
    connection.reply({type: 'missed', from: place, ...missed})
    place = missed.to
    missed = undefined
  }

  function hold(batch: Batch): void {
    heldBytes += batch.frames.length
    if (heldBytes <= mostHeld) held?.push(batch)
    // It is read from the log in the next round.
    else held = []
  }

  async function catchUp(): Promise<void> {
    try {
      while (!isEnded) {
        await connection.drained()
        while (feed.position() < place && !isEnded) await setTimeout(lagMs)
        if (isEnded) return
        held = []
        heldBytes = 0
        feed.join(audience, listener)
        await copy(feed.position())
        if (isEnded) return
        const batches = held
        held = undefined
        if (heldBytes <= mostHeld) return follow(batches)
        feed.leave(listener)
      }
    } catch (error) {
      listener.fail(error)
    }
  }

  /** Sends what the log has up to `end`, no faster than it is taken. */
  async function copy(end: Position): Promise<void> {
    while (place < end) {
      const piece = await read(place, end)
      if (isEnded) return
      send(piece)
      // Others have their turn, and bytes can leave.
      await setImmediate()
      await connection.drained()
      if (isEnded) return
    }
  }

  /** Goes on with what came meanwhile. Should it not fit, the log is read again. */
  function follow(batches: Batch[]): void {
    for (const batch of batches) {
      if (!connection.hasRoom(batch.frames.length)) {
        feed.leave(listener)
        void catchUp()
        return
      }
      send(batch)
    }
  }

  function end(): void {
    if (isEnded) return
    feed.leave(listener)
    tellMissed()
    isEnded = true
  }

  if (isLossless) void catchUp()
  else feed.join(audience, listener)
  return {end}
}
