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
const lagMs = 50
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
  const watch = lagWatch(link, subjects)
  const isWatched = link.isClustered() && !subjects?.length && (!isBounded || to - after < mostWatched)
  while (after < to && !signal?.aborted) {
    let consumer: Consumer | undefined
    const close = () => consumer?.close()
    signal?.addEventListener('abort', close)
    try {
      const onLost = (reason: string) => onHealth?.({state: 'silent', reason})
      consumer = await openConsumer(link, {from: after + 1, atMost: to - after, subjects, headersOnly, signal, onLost})
      onHealth?.({state: 'live'})
      if (isBounded && consumer.pending === 0) {
        if (await hasAll(link, {after, to, subjects})) return
        await recovery.lag()
        continue
      }
      for (;;) {
        const batch = signal?.aborted ? undefined : await consumer.take()
        const last = batch?.at(-1)
        if (batch === undefined) return
        if (last) {
          recovery.noteProgress()
          const fresh = batch[0]!.seq > after ? batch : batch.filter(({seq}) => seq > after)
          const whole = isWatched ? await untilGap(link, fresh, after) : fresh
          const end = whole.at(-1)
          if (end) after = end.seq
          if (end) yield end.seq > to ? whole.filter(({seq}) => seq <= to) : whole
          if (after >= to) return
          if (whole.length < fresh.length) throw new ConsumerLost('the copy of the stream that is read has gaps')
        }
        if (!isBounded) await watch(after, last !== undefined)
        if (!isBounded || !(last ? last.pending === 0 : await consumer.isDrained())) continue
        if (await hasAll(link, {after, to, subjects})) return
        await recovery.lag()
        break
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

/**
 * Whether nothing is left of a range. In a cluster a consumer may live on a server that does not have all of the stream
 * yet; the stream's leader does.
 */
async function hasAll(link: Link, {after, to, subjects}: Pick<DeliverOptions, 'after' | 'to' | 'subjects'>) {
  if (!link.isClustered()) return true
  const next = await nextOnLeader(link, after, subjects)
  if (next !== 'none') return next === 'unknown' || next > to
  return !Number.isFinite(to) || (await link.ask(() => link.jsm.streams.info(link.target.stream))).state.last_seq >= to
}

/** The first message after a sequence as the stream's leader has it; unknown to who may not ask for single messages. */
async function nextOnLeader({ask, jsm, target}: Link, after: number, subjects: readonly string[] = []) {
  const queries = (subjects.length > 0 ? subjects : ['>']).map((next_by_subj) => ({seq: after + 1, next_by_subj}))
  try {
    const found = await Promise.all(queries.map((query) => ask(() => jsm.streams.getMessage(target.stream, query))))
    const next = Math.min(...found.map((message) => message?.seq ?? Number.POSITIVE_INFINITY))
    return Number.isFinite(next) ? next : 'none'
  } catch (thrown) {
    if (failureOf(thrown, target).code === 'STORE_AUTH') return 'unknown'
    throw thrown
  }
}

/** Every gap costs a question, and a long history may have many: what was erased or has expired. */
const mostWatched = 10_000

/**
 * The messages up to the first one that the stream's leader has and that was left out. In a cluster, a consumer on a
 * server that is catching up may pass over what that server does not have yet, or begin before where it was told to.
 */
async function untilGap(link: Link, batch: readonly Delivered[], after: number): Promise<readonly Delivered[]> {
  let before = after
  for (const [index, {seq}] of batch.entries()) {
    if (seq > before + 1 && !(await isNext(link, before, seq))) return batch.slice(0, index)
    before = seq
  }
  return batch
}

/** A leader that has nothing behind a gap, not even what we have, is new and behind itself, or was cut off for a while. */
async function isNext(link: Link, before: number, seq: number): Promise<boolean> {
  const next = await nextOnLeader(link, before)
  return next === 'unknown' || (next !== 'none' && next >= seq)
}

/** Heartbeats without a message after which the leader is asked whether there is one. */
const beatsPerLook = 5

/**
 * For readers that wait: a server that is cut off from its cluster, or far behind, lets their consumer live on and has
 * nothing for it. Told of every batch; throws ConsumerLost when the leader has had something for several seconds.
 */
function lagWatch(link: Link, subjects?: readonly string[]): (after: number, isProgress: boolean) => Promise<void> {
  let beats = 0
  let lag = 0
  return async (after, isProgress) => {
    beats = isProgress ? 0 : beats + 1
    if (isProgress) lag = 0
    if (beats < beatsPerLook) return
    beats = 0
    lag = (await hasAll(link, {after, to: Number.POSITIVE_INFINITY, subjects})) ? 0 : lag + 1
    if (lag > 1) throw new ConsumerLost('the copy of the stream that is read lags behind')
  }
}

interface Recovery {
  noteProgress(): void
  /** The server that was asked does not have all of it yet. Resolves when it makes sense to ask again. */
  lag(): Promise<void>
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
    async lag() {
      if (performance.now() > heardAt + patienceMs) throw unreachable(link.target, 'a copy of the stream lags behind')
      await delay(lagMs, signal)
    },
    async after(failure) {
      if (!(failure instanceof ConsumerLost) && !isUnreachable(failure)) throw failureOf(failure, link.target)
      onHealth?.({state: 'silent', reason: messageOf(failure)})
      await untilBack(messageOf(failure))
    },
  }
}
