import type {RetryPolicy} from '../../config/schema/delivery.ts'
import {pause} from '../pause.ts'
import {jitteredMs} from './backoff.ts'
import type {Item} from './item.ts'
import {type ReadOptions, readLog} from './read-log.ts'
import {makeReady, request, type Work} from './work.ts'

export interface OrderedOptions extends ReadOptions {
  retry: RetryPolicy
  random: () => number
}

/**
 * Sends one event at a time, strictly in log order. One that fails holds up those behind it. After its attempts the
 * next one is tried: when the endpoint takes that, the failing one is a dead letter; when it does not, the endpoint is
 * down, and both wait until it works.
 */
export async function deliverInOrder(work: Work, options: OrderedOptions): Promise<void> {
  const source = createSource(work, options)
  for (let head = await source.take(); head !== undefined; head = await source.take()) {
    if (!(await deliverHead(head, source, work, options))) return
  }
}

/** Tries until the event is delivered or a dead letter; false when there is to be no more of it. */
async function deliverHead(head: Item, source: Source, work: Work, {retry, random}: OrderedOptions): Promise<boolean> {
  const most = Math.max(1, retry.maxAttempts)
  let isDown = false
  for (let failures = 1; ; failures++) {
    const tried = await tryOnce(work, head, source.lookAhead)
    if (typeof tried === 'string') return tried === 'settled'
    const waitMs = jitteredMs(retry, failures, random)
    const next = await (failures < most ? rest(waitMs, work) : rest(waitMs, work, source.peek()))
    if (next === undefined) continue
    const other = await tryOnce(work, next)
    if (other === 'stopped') return false
    if (other === 'settled') {
      await source.take()
      // It failed while everything did, which says nothing about the event.
      const last = isDown ? await tryOnce(work, head) : tried
      if (typeof last === 'string') return last === 'settled'
      work.settler.bury(head, last.failure)
      return true
    }
    isDown = true
    work.gate.trip(other.failure)
  }
}

/** `settled`: delivered or refused; `stopped`: nothing is to be sent any more. */
type Tried = 'settled' | 'stopped' | {failure: string}

async function tryOnce(work: Work, item: Item, meanwhile?: () => void): Promise<Tried> {
  const {gate, settler} = work
  if (!(await gate.enter('log'))) return 'stopped'
  const answer = request(work, item)
  meanwhile?.()
  const outcome = await answer
  try {
    if (outcome.kind === 'delivered' || outcome.kind === 'refused') {
      settler.settle(item, outcome)
      return 'settled'
    }
    // It keeps its place in the log, and so in the order.
    settler.note(item, outcome)
    return outcome.kind === 'failed' ? {failure: outcome.reason} : 'stopped'
  } finally {
    gate.leave()
  }
}

/** Waits for a while, or shorter: until there is a next event. */
async function rest(ms: number, {signal}: Work, next?: Promise<Item | undefined>): Promise<Item | undefined> {
  const woken = new AbortController()
  const stop = () => woken.abort()
  signal.addEventListener('abort', stop, {once: true})
  try {
    return await Promise.race([pause(ms, woken.signal).then(() => undefined), ...(next === undefined ? [] : [next])])
  } finally {
    signal.removeEventListener('abort', stop)
    woken.abort()
  }
}

/** What is next in the log. */
interface Source {
  /** Looks at it; undefined when the reader was stopped. */
  peek(): Promise<Item | undefined>
  /** Reads it and makes its request, while the endpoint works on the one before. */
  lookAhead(): void
  take(): Promise<Item | undefined>
}

function createSource(work: Work, options: ReadOptions): Source {
  const items = readLog(work, options)
  let upcoming: Promise<Item | undefined> | undefined

  async function read(): Promise<Item | undefined> {
    const {value, done} = await items.next()
    if (done) return undefined
    work.ledger.take(value.position)
    return value
  }

  function peek(): Promise<Item | undefined> {
    if (upcoming === undefined) {
      upcoming = read()
      // A fault of the log is told to whoever takes the event; nobody may be waiting for it right now.
      upcoming.catch(() => undefined)
    }
    return upcoming
  }

  return {
    peek,
    lookAhead() {
      peek()
        .then((item) => item && makeReady(work, item))
        .catch(() => undefined)
    },
    async take() {
      const item = await peek()
      upcoming = undefined
      return item
    },
  }
}
