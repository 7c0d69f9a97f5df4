import {messageOf} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import type {FollowHealth, FollowOptions} from '../port.ts'
import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'
import {seqOf} from './position.ts'
import type {Query} from './read.ts'
import {readEvents} from './read.ts'
import type {Ear} from './watch.ts'

/**
 * Yields what comes after a sequence number, then waits for more, until the signal aborts. The log is read only as
 * fast as events are taken. A log that was removed and made anew is read from its start.
 */
export async function* followEvents(
  file: LogFile,
  query: Query,
  after: number,
  ear: Ear,
  {signal, onHealth}: FollowOptions,
): AsyncGenerator<StoredEvent> {
  const health = createHealth(onHealth)
  let last = after
  health.set({state: 'live'})
  while (!signal.aborted) {
    const found = await look(file)
    health.set(found.health)
    if (found.isNew) last = 0
    if (found.newest > last) {
      for await (const event of readEvents(file, query, {low: last, high: found.newest, isDescending: false})) {
        yield event
        if (signal.aborted) return
        last = seqOf(event.position)
      }
      last = found.newest
    } else {
      await ear.change(signal)
    }
  }
}

interface Look {
  newest: number
  /** The file is another than at the last look. */
  isNew: boolean
  health: FollowHealth
}

async function look(file: LogFile): Promise<Look> {
  try {
    const isNew = file.isReplaced()
    if (isNew) await file.reopen({make: false})
    return {newest: lastSeq(file.reader()), isNew, health: {state: 'live'}}
  } catch (thrown) {
    return {newest: 0, isNew: false, health: {state: 'silent', reason: messageOf(thrown)}}
  }
}

/** Reports each change of state once. */
function createHealth(onHealth: FollowOptions['onHealth']) {
  let state: FollowHealth['state'] | undefined
  return {
    set(health: FollowHealth): void {
      if (health.state !== state) onHealth?.(health)
      state = health.state
    },
  }
}
