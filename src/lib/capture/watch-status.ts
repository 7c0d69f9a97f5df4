import {pause} from '../delivery/pause.ts'
import type {EventStore} from '../store/port.ts'
import {emptyStatus, type StatusWindows} from './agent-state.ts'
import {type AgentTree, at} from './agent-tree.ts'
import {reduce} from './status.ts'

export interface WatchStatusOptions {
  windows: StatusWindows
  /** Epoch milliseconds: events before this are not looked at. */
  since: number
  now: () => number
  /** How often the tree is given; time alone changes it. */
  everyMs: number
  signal: AbortSignal
}

/** The agents as the log tells of them: at once, then again and again, until the signal aborts. */
export async function* watchStatus(store: EventStore, options: WatchStatusOptions): AsyncGenerator<AgentTree> {
  const {windows, since, now, everyMs, signal} = options
  const state = emptyStatus(windows)
  const from = (await store.head()) ?? ''
  for await (const event of store.read({since}, {to: from})) {
    if (signal.aborted) return
    reduce(state, event)
  }
  const follow = async () => {
    for await (const event of store.follow({since}, {from, signal})) reduce(state, event)
  }
  const failed = new AbortController()
  follow().catch((error) => failed.abort(error))
  const ended = AbortSignal.any([signal, failed.signal])
  while (!ended.aborted) {
    yield at(state, now())
    await pause(everyMs, ended)
  }
  if (failed.signal.aborted) throw failed.signal.reason
}
