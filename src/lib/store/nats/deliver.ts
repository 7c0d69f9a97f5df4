import {ClawError, messageOf} from '../../errors.ts'
import type {FollowHealth} from '../port.ts'
import {type Consumer, ConsumerLost, type Delivered, openConsumer} from './consumer.ts'
import {failureOf, isUnreachable, missingStream, replacedStream, unreachable} from './failures.ts'
import {delay, type Link} from './link.ts'

export interface DeliverOptions {
  /** Start after this sequence. */
  after: number
  /** End with this sequence; infinity: never. */
  to: number
  /** When the stream was made: another one of the same name is not gone on with. */
  created: string
  subjects?: readonly string[]
  headersOnly?: boolean
  /** How long nothing may be heard of the server before STORE_UNREACHABLE. */
  patienceMs: number
  signal?: AbortSignal
  onHealth?: (health: FollowHealth) => void
}

const retryMs = 250
/** A stream may be away for a moment while a cluster moves it. */
const missingPatienceMs = 3000

/**
 * The messages of a range in order, each once, in batches as they arrive. Consumers that get lost on the way (server
 * restarted, connection cut, leader changed) are replaced after the last message that was yielded.
 */
export async function* deliver(link: Link, options: DeliverOptions): AsyncGenerator<readonly Delivered[]> {
  const {to, subjects, headersOnly, signal, onHealth} = options
  const isBounded = Number.isFinite(to)
  const recovery = recoveryOf(link, options)
  let {after} = options
  while (after < to && !signal?.aborted) {
    let consumer: Consumer | undefined
    const close = () => consumer?.close()
    signal?.addEventListener('abort', close)
    try {
      const onLost = (reason: string) => onHealth?.({state: 'silent', reason})
      consumer = await openConsumer(link, {from: after + 1, atMost: to - after, subjects, headersOnly, signal, onLost})
      onHealth?.({state: 'live'})
      if (isBounded && consumer.pending === 0) return
      for (;;) {
        const batch = signal?.aborted ? undefined : await consumer.take()
        const last = batch?.at(-1)
        if (batch === undefined || (isBounded && !last && (await consumer.isDrained()))) return
        if (!last) continue
        recovery.noteProgress()
        after = last.seq
        yield last.seq > to ? batch.filter(({seq}) => seq <= to) : batch
        if (isBounded && (last.seq >= to || last.pending === 0)) return
      }
    } catch (thrown) {
      if (signal?.aborted) return
      await recovery.after(thrown)
    } finally {
      signal?.removeEventListener('abort', close)
      close()
    }
  }
}

interface Recovery {
  noteProgress(): void
  /** Resolves when it makes sense to try again; throws when it does not. */
  after(failure: unknown): Promise<void>
}

function recoveryOf(link: Link, options: DeliverOptions): Recovery {
  const {created, patienceMs, signal, onHealth} = options
  let heardAt = performance.now()

  async function untilBack(reason: string): Promise<void> {
    const missingSince = performance.now()
    for (;;) {
      const leftMs = heardAt + patienceMs - performance.now()
      if (leftMs <= 0) throw unreachable(link.target, reason)
      if (signal?.aborted) return
      try {
        await link.online(Math.min(leftMs, retryMs))
        const info = await link.ask(() => link.jsm.streams.info(link.target.stream), signal)
        if (info.created !== created) throw replacedStream(link.target)
        return
      } catch (thrown) {
        if (signal?.aborted) return
        const isMissing = thrown instanceof ClawError && thrown.message === missingStream(link.target).message
        const mayComeBack = isMissing && performance.now() - missingSince < missingPatienceMs
        if (!mayComeBack && !isUnreachable(thrown)) throw thrown
        await delay(retryMs, signal)
      }
    }
  }

  return {
    noteProgress() {
      heardAt = performance.now()
    },
    async after(failure) {
      if (!(failure instanceof ConsumerLost) && !isUnreachable(failure)) throw failureOf(failure, link.target)
      onHealth?.({state: 'silent', reason: messageOf(failure)})
      await untilBack(messageOf(failure))
    },
  }
}
