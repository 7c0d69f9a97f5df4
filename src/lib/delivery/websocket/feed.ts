import type {Position, StoredEvent} from '../../event/envelope.ts'
import type {EventTest} from '../../filter/compile.ts'
import type {Encode} from './encode.ts'

/** Frames of the same audience that are sent with one write. */
export interface Batch {
  frames: Buffer
  count: number
  /** Of the last event in it. */
  to: Position
}

/** Those who get the same events: their frames are chosen and joined once. */
export interface Audience {
  key: string
  /** On the event as it leaves. What it throws ends its listeners only. */
  wants: EventTest
}

export interface Listener {
  take(batch: Batch): void
  fail(error: unknown): void
}

/** What is appended to the log, spread to those who listen. */
export interface Feed {
  /** How far the log was heard. */
  position(): Position
  take(event: StoredEvent): void
  /** Whether so much waits for the next flush that it should not wait for more. */
  isFull(): boolean
  /** Gives everybody what was taken since the last time. */
  flush(): void
  /** From the next event on, and none before. */
  join(audience: Audience, listener: Listener): void
  /** All that was taken until now is given first. */
  leave(listener: Listener): void
}

interface Group extends Audience {
  listeners: Set<Listener>
  frames: Buffer[]
  bytes: number
  to: Position
}

const batchBytes = 256 * 1024
/** Over all audiences. */
const mostBytes = 8 * 1024 * 1024

export function createFeed(from: Position, encode: Encode): Feed {
  const groups = new Map<string, Group>()
  let position = from
  let largest = 0
  let total = 0
  let isFlushing = false

  function take(event: StoredEvent): void {
    position = event.position
    const outbound = groups.size === 0 ? undefined : encode(event)
    if (outbound === undefined) return
    for (const group of groups.values()) {
      try {
        const frame = group.wants(outbound.event) ? outbound.frame() : undefined
        if (frame !== undefined) add(group, frame)
      } catch (error) {
        groups.delete(group.key)
        for (const listener of group.listeners) listener.fail(error)
      }
    }
  }

  function add(group: Group, frame: Buffer): void {
    group.frames.push(frame)
    group.bytes += frame.length
    group.to = position
    total += frame.length
    largest = Math.max(largest, group.bytes)
  }

  function flush(): void {
    if (total === 0 || isFlushing) return
    isFlushing = true
    total = 0
    largest = 0
    for (const group of groups.values()) {
      const {frames, to} = group
      const [first] = frames
      if (first === undefined) continue
      const count = frames.length
      group.frames = []
      group.bytes = 0
      const batch = {frames: count === 1 ? first : Buffer.concat(frames), count, to}
      for (const listener of group.listeners) listener.take(batch)
    }
    isFlushing = false
  }

  return {
    position: () => position,
    take,
    isFull: () => largest >= batchBytes || total >= mostBytes,
    flush,
    join({key, wants}, listener) {
      flush()
      const group = groups.get(key) ?? {key, wants, listeners: new Set(), frames: [], bytes: 0, to: position}
      groups.set(key, group)
      group.listeners.add(listener)
    },
    leave(listener) {
      flush()
      for (const group of groups.values()) {
        if (group.listeners.delete(listener) && group.listeners.size === 0) groups.delete(group.key)
      }
    },
  }
}
