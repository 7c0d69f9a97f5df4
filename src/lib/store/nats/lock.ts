import {readFileSync, readlinkSync} from 'node:fs'
import {hostname} from 'node:os'
import type {JetStreamClient, StoredMsg} from '@nats-io/jetstream'
import {DiscardPolicy, StorageType} from '@nats-io/jetstream'
import {nanos} from '@nats-io/transport-node'
import {ClawError} from '../../errors.ts'
import type {Lease} from '../port.ts'
import {apiErrors, failureOf, hasApiCode} from './failures.ts'
import type {Link} from './link.ts'
import {encodeToken} from './subjects.ts'
import type {NatsTarget} from './target.ts'

/** Who has a lock, as the lock stream tells it. */
interface Holder {
  pid: number
  host: string
  since: string
  /** Where process ids mean what they mean here: this boot and this container. */
  space: string
}

/** A lock whose holder does not renew it any more ends after this time, on the server's clock. */
const defaultLeaseMs = 30_000
/** Renewed so many times within a lease: two of them may fail. */
const renewals = 3
const attempts = 5

/** Streams that hold locks and no events. */
export const lockStreamSuffix = '-locks'

/**
 * Takes the lock of a task: a message that only one writer can place, since it must be the first on its subject. It is
 * renewed while the process lives and given back by the server's age limit after that; a holder on this machine that
 * died is seen at once.
 */
export async function takeLock(link: Link, task: string, leaseMs: number = defaultLeaseMs): Promise<Lease> {
  const {jsm, target} = link
  const stream = `${target.stream}${lockStreamSuffix}`
  const subject = `${lockSubject(target)}.${encodeToken(task)}`
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const current = await lastMessage(link, stream, subject, leaseMs)
      const holder = current && holderIn(current.string())
      if (holder && !isGone(holder)) throw heldBy(holder, task, target, leaseMs)
      const seq = await place(jsm.jetstream(), subject, current?.seq ?? 0, myself())
      if (seq !== undefined) return leaseOf(link, stream, subject, {seq, renewMs: leaseMs / renewals})
    }
    throw new ClawError('LOCK_HELD', `others keep taking the lock for ${task} of ${target.stream} at ${target.url}`)
  } catch (thrown) {
    throw failureOf(thrown, target)
  }
}

/** Who may lock need not be allowed to make streams: `stream init` has made the one for locks. */
async function lastMessage(link: Link, stream: string, subject: string, leaseMs: number): Promise<StoredMsg | null> {
  const get = () => link.jsm.streams.getMessage(stream, {last_by_subj: subject})
  try {
    return await get()
  } catch (thrown) {
    if (!hasApiCode(thrown, apiErrors.streamNotFound)) throw thrown
    await makeLockStream(link, {leaseMs})
    return get()
  }
}

/** Makes the stream that holds the locks of a log, if it is not there. */
export async function makeLockStream(
  {jsm, target}: Link,
  {leaseMs = defaultLeaseMs, replicas = 1}: {leaseMs?: number; replicas?: number} = {},
): Promise<void> {
  try {
    await jsm.streams.add({
      name: `${target.stream}${lockStreamSuffix}`,
      subjects: [`${lockSubject(target)}.>`],
      description: 'claw-events: locks',
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: 1,
      max_age: nanos(leaseMs),
      duplicate_window: nanos(leaseMs),
      num_replicas: replicas,
    })
  } catch (thrown) {
    // One that is there with other settings serves as well.
    if (!hasApiCode(thrown, apiErrors.nameInUse)) throw thrown
  }
}

/** What subjects of a log's locks begin with. */
export function lockSubject({stream}: Pick<NatsTarget, 'stream'>): string {
  return `claw-events-locks.${stream}`
}

/** Puts our name on the subject if nothing was put there since sequence `after`; undefined when somebody was faster. */
async function place(js: JetStreamClient, subject: string, after: number, holder: Holder): Promise<number | undefined> {
  try {
    const expect = {lastSubjectSequence: after}
    return (await js.publish(subject, JSON.stringify(holder), {expect, retries: 1})).seq
  } catch (thrown) {
    if (hasApiCode(thrown, apiErrors.wrongLastSequence)) return undefined
    throw thrown
  }
}

function leaseOf(
  {jsm, nc}: Link,
  stream: string,
  subject: string,
  {seq: first, renewMs}: {seq: number; renewMs: number},
): Lease {
  const me = myself()
  let seq = first
  let isReleased = false

  async function renew(): Promise<void> {
    const renewed = await place(jsm.jetstream(), subject, seq, me)
    // Somebody else has it: we were away for too long.
    if (renewed === undefined) clearInterval(timer)
    else seq = renewed
  }

  let renewing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    // A server that does not answer now may do so next time, before the lease is over.
    renewing = renew().catch(() => undefined)
  }, renewMs)
  // Holding a lock is no reason for a process to live on.
  timer.unref()

  return {
    async release() {
      if (isReleased) return
      isReleased = true
      clearInterval(timer)
      await renewing
      if (nc.isClosed()) return
      // Only our own message: when it is gone or replaced, the lock is not ours any more.
      await jsm.streams.deleteMessage(stream, seq).catch(() => undefined)
    },
  }
}

function myself(): Holder {
  return {pid: process.pid, host: hostname(), since: new Date().toISOString(), space: processSpace()}
}

/** Process ids are only comparable within one boot of one machine and one container; empty where that is not known. */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

/** Whether the holder certainly ended. */
function isGone({pid, host, space}: Holder): boolean {
  if (host !== hostname() || space === '' || space !== processSpace()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH'
  }
}

/** Undefined for what nobody who takes locks has written. */
function holderIn(text: string): Holder | undefined {
  try {
    const {pid, host, since, space = ''}: Partial<Holder> = JSON.parse(text)
    const isHolder = typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
    return isHolder ? {pid, host, since, space} : undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function heldBy({pid, host, since}: Holder, task: string, {stream, url}: NatsTarget, leaseMs: number): ClawError {
  const message = `${task} of ${stream} at ${url} is running on ${host} (pid ${pid}, since ${since})`
  return new ClawError('LOCK_HELD', message, {
    suggestions: ['wait until it has ended', `after a crash there, the lock ends within ${leaseMs / 1000} s`],
  })
}
