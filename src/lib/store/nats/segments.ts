import {createHash, type Hash} from 'node:crypto'
import type {Segment} from '../anchor.ts'
import {positionOf} from './decode.ts'

/** Sequences in a segment of an anchor: what is proven when the oldest events are gone is as much coarser. */
const segmentSize = 4096

/** Hashes over stretches of a stream, each over a line `<sequence> <digest>` for every message in it. */
export interface SegmentHasher {
  take(seq: number, digest: string): void
  /** The segments up to the sequence that was taken last. */
  end(): Segment[]
}

export function createSegmentHasher(): SegmentHasher {
  const done: Segment[] = []
  let open: {first: number; last: number; hash: Hash} | undefined

  function close(): void {
    if (open) done.push({from: positionOf(open.first), to: positionOf(open.last), chain: open.hash.digest('hex')})
    open = undefined
  }

  return {
    take(seq, digest) {
      if (open && segmentOf(seq) !== segmentOf(open.first)) close()
      open ??= {first: seq, last: seq, hash: createHash('sha256')}
      open.last = seq
      addTo(open.hash, seq, digest)
    },
    end() {
      close()
      return done
    },
  }
}

function segmentOf(seq: number): number {
  return Math.floor((seq - 1) / segmentSize)
}

function addTo(hash: Hash, seq: number, digest: string): void {
  hash.update(`${seq} ${digest}\n`)
}

/** Compares the segments of an anchor with the stream while that is walked over. */
export interface SegmentCheck {
  take(seq: number, digest: string): void
  /** Messages that the anchor may be over are gone, and rightly so. */
  lose(first: number, last: number): void
  end(): {proven: Segment[]; lost: Segment[]; wrong: Segment[]}
}

/** @param segments in order */
export function createSegmentCheck(segments: readonly Segment[]): SegmentCheck {
  const outcome: ReturnType<SegmentCheck['end']> = {proven: [], lost: [], wrong: []}
  let at = 0
  let hash = createHash('sha256')
  let isLost = false

  /** Judges every segment that ends before the sequence. */
  function passTo(seq: number): void {
    for (let segment = segments[at]; segment && Number(segment.to) < seq; segment = segments[at]) {
      // What is gone now may have been gone when the anchor was taken.
      if (hash.digest('hex') === segment.chain) outcome.proven.push(segment)
      else if (isLost) outcome.lost.push(segment)
      else outcome.wrong.push(segment)
      at++
      hash = createHash('sha256')
      isLost = false
    }
  }

  return {
    take(seq, digest) {
      passTo(seq)
      const segment = segments[at]
      if (segment && seq >= Number(segment.from)) addTo(hash, seq, digest)
    },
    lose(first, last) {
      passTo(first)
      for (let segment = segments[at]; segment && Number(segment.from) <= last; segment = segments[at]) {
        isLost = true
        if (Number(segment.to) > last) return
        passTo(Number(segment.to) + 1)
      }
    },
    end() {
      passTo(Number.POSITIVE_INFINITY)
      return outcome
    },
  }
}
