import type {Position} from '../../event/envelope.ts'
import type {Filter} from '../../filter/filter.ts'
import type {EventStore} from '../../store/port.ts'
import type {Encode} from './encode.ts'
import type {Audience} from './feed.ts'

/** A part of the log, ready to be sent. */
export interface Piece {
  /** Undefined where nothing in it is wanted. */
  frames?: Buffer
  count: number
  /** How far it reaches: everything up to here was looked at. */
  to: Position
}

export interface PieceSource {
  store: EventStore
  encode: Encode
  audience: Audience
  /** What the store may leave out by itself. */
  filter: Filter
}

const pieceEvents = 512
const pieceBytes = 256 * 1024

/** Reads on after a position, as far as `end`, and no more than is sent at once. */
export async function readPiece(
  {store, encode, audience, filter}: PieceSource,
  after: Position,
  end: Position,
): Promise<Piece> {
  const frames: Buffer[] = []
  let bytes = 0
  let seen = 0
  let to = after
  for await (const event of store.read(filter, {from: after, to: end, limit: pieceEvents})) {
    seen++
    to = event.position
    const outbound = encode(event)
    const frame = outbound !== undefined && audience.wants(outbound.event) ? outbound.frame() : undefined
    if (frame === undefined) continue
    frames.push(frame)
    bytes += frame.length
    if (bytes >= pieceBytes) break
  }
  const isEnd = seen < pieceEvents && bytes < pieceBytes
  return {frames: frames.length > 0 ? Buffer.concat(frames) : undefined, count: frames.length, to: isEnd ? end : to}
}
