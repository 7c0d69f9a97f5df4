import {messageOf} from '../errors.ts'
import type {StateStore} from '../store/state-port.ts'
import {pause} from './pause.ts'
import type {Sink, SinkContext} from './sink.ts'

/** How often a process that does not own the sinks asks for them, and how often the owner looks at its lease. */
const leaseMs = 1000
const firstRestartMs = 500
const longestRestartMs = 30_000
/** After the signal, a sink may end its work for so long; then it is left to itself. */
const stopMs = 3000

export interface RunSinksOptions extends Omit<SinkContext, 'signal'> {
  sinks: readonly Sink[]
  /** What this process is, for `status`: `gateway`, `serve`. */
  role: string
  signal: AbortSignal
  onOwner?: (isOwner: boolean) => void
}

/**
 * Runs the sinks while this process has the lease of the state directory; waits for it otherwise, so that another
 * process takes over within about a second. Resolves when the signal has aborted and every sink has ended, or has had
 * its time for it.
 */
export async function runSinks({sinks, role, signal, onOwner, ...context}: RunSinksOptions): Promise<void> {
  const askForLease = createAsking(context.state, role, context.diagnostics)
  const overdue = afterAbort(signal, stopMs)
  while (!signal.aborted) {
    const lease = await askForLease()
    if (lease === undefined) {
      await pause(leaseMs, signal)
      continue
    }
    onOwner?.(true)
    const lost = new AbortController()
    const watch = setInterval(() => {
      if (!lease.isHeld()) lost.abort()
    }, leaseMs)
    watch.unref()
    const own = AbortSignal.any([signal, lost.signal])
    try {
      const ended = Promise.all(sinks.map((sink) => keepRunning(sink, {...context, signal: own})))
      await Promise.race([ended, overdue])
    } finally {
      clearInterval(watch)
      await lease.release()
      onOwner?.(false)
    }
  }
}

/** A state store that fails is said once, not at every try. */
function createAsking(state: StateStore, role: string, diagnostics: SinkContext['diagnostics']) {
  let isFailing = false
  return async () => {
    try {
      const lease = await state.tryOwn(role)
      isFailing = false
      return lease
    } catch (error) {
      if (!isFailing) {
        diagnostics.warn(`the lease of the sinks could not be asked for, trying again: ${messageOf(error)}`)
      }
      isFailing = true
      return undefined
    }
  }
}

function afterAbort(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wait = () => void setTimeout(resolve, ms).unref()
    if (signal.aborted) wait()
    else signal.addEventListener('abort', wait, {once: true})
  })
}

/** Runs one sink until the signal aborts; a fault of it costs the others nothing and is tried again, ever slower. */
async function keepRunning(sink: Sink, context: SinkContext): Promise<void> {
  const {signal, diagnostics} = context
  let waitMs = firstRestartMs
  while (!signal.aborted) {
    const began = context.now()
    try {
      await sink.run(context)
    } catch (error) {
      diagnostics.error(`${sink.reader} failed and is started again in ${waitMs} ms: ${messageOf(error)}`)
    }
    if (signal.aborted) return
    if (context.now() - began > longestRestartMs) waitMs = firstRestartMs
    await pause(waitMs, signal)
    waitMs = Math.min(waitMs * 2, longestRestartMs)
  }
}
