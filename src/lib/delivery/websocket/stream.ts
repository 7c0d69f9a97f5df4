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
  /** Reads a part of the log when it is this client's turn, and if it is wanted then. */
  read(after: Position, end: Position, isWanted: () => boolean): Promise<Piece>
  onSent(count: number): void
  onMissed(count: number): void
  /** The stream has ended by itself. */
  onFault(error: unknown): void
}

/** The events that one client gets, in log order. */
export interface Stream {
  /** Up to here everything that is wanted was sent, or told to be missed. */
  place(): Position
  end(): void
}

/** Between two looks whether the feed has come to a place that another reader has already seen. */
const lagMs = 5

/**
 * Sends what comes, and, from a place on, first all that the log has. A client that began at a place misses nothing
 * however slow it is: it is sent the log again, at its pace. One that listens to what comes skips what does not fit into
 * its buffer, and is told.
 */
export function openStream(options: StreamOptions): Stream {
  const {connection, feed, audience, limits, from, read, onSent, onMissed, onFault} = options
  const isLossless = from !== undefined
  const mostHeld = limits.bufferBytes / 8
  let place = from ?? feed.position()
  /**
   * `live`: what comes is sent. `skipping`: it is counted. `holding`: it is kept while the log is read up to it.
   * `reading`: it is left, since the log will be read.
   */
  let mode: 'live' | 'skipping' | 'holding' | 'reading' | 'ended' = isLossless ? 'reading' : 'live'
  let missed: {to: Position; count: number} = {to: place, count: 0}
  let held: Batch[] = []
  let heldBytes = 0

  const listener: Listener = {
    take(batch) {
      if (mode === 'holding') hold(batch)
      else if (mode === 'skipping') skip(batch)
      else if (mode === 'live') sendLive(batch)
    },
    fail(error) {
      if (mode === 'ended') return
      end()
      onFault(error)
    },
  }

  function sendLive(batch: Batch): void {
    if (connection.hasRoom(batch.frames.length)) send(batch)
    else if (isLossless) readAgain()
    else {
      mode = 'skipping'
      skip(batch)
      void connection.drained().then(tellMissed)
    }
  }

  function send({frames, count, to}: {frames?: Buffer; count: number; to: Position}): void {
    place = to
    if (frames === undefined || !connection.isOpen()) return
    connection.write(frames)
    onSent(count)
  }

  function skip({count, to}: Batch): void {
    missed = {to, count: missed.count + count}
    onMissed(count)
  }

  function tellMissed(): void {
    if (mode !== 'skipping') return
    connection.reply({type: 'missed', from: place, ...missed})
    place = missed.to
    missed = {to: place, count: 0}
    mode = 'live'
  }

  function hold(batch: Batch): void {
    heldBytes += batch.frames.length
    if (heldBytes <= mostHeld) held.push(batch)
    // It is read from the log in the next round.
    else held = []
  }

  function readAgain(): void {
    mode = 'reading'
    feed.leave(listener)
    void catchUp()
  }

  async function catchUp(): Promise<void> {
    try {
      await connection.drained()
      while (feed.position() < place && isGoingOn()) await setTimeout(lagMs)
      if (!isGoingOn()) return
      mode = 'holding'
      held = []
      heldBytes = 0
      feed.join(audience, listener)
      await copy(feed.position())
      if (!isGoingOn()) return
      if (heldBytes > mostHeld) readAgain()
      else goLive(held)
    } catch (error) {
      listener.fail(error)
    }
  }

  /** Asked after every wait. */
  function isGoingOn(): boolean {
    return mode !== 'ended'
  }

  /** Sends what the log has up to `end`, no faster than it is taken. */
  async function copy(end: Position): Promise<void> {
    while (place < end) {
      const piece = await read(place, end, isGoingOn)
      if (!isGoingOn()) return
      send(piece)
      // Others have their turn, and bytes can leave.
      await setImmediate()
      await connection.drained()
      if (!isGoingOn()) return
    }
  }

  /** Goes on with what came meanwhile. Should it not fit, the log is read again. */
  function goLive(batches: Batch[]): void {
    mode = 'live'
    held = []
    for (const batch of batches) if (mode === 'live') sendLive(batch)
  }

  function end(): void {
    if (mode === 'ended') return
    feed.leave(listener)
    tellMissed()
    mode = 'ended'
  }

  if (isLossless) void catchUp()
  else feed.join(audience, listener)
  return {place: () => place, end}
}
