import {messageOf} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import type {Filter} from '../../filter/filter.ts'
import type {FollowHealth, FollowOptions} from '../port.ts'
import {storeFault} from './faults.ts'
import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'
import {seqOf} from './position.ts'
import {readEvents} from './read.ts'
import type {Session} from './session.ts'
import type {LogWatch} from './watch.ts'

/**
 * Yields what a call of `EventStore.follow` asks for: what comes after a position, then waits for more, until the signal
 * aborts; closing the store ends it without an error. The log is read only as fast as events are taken. A log that was
 * removed and made anew is read from its start.
 */
export async function* followLog(
  session: Session,
  watch: LogWatch,
  filter: Filter,
  options: FollowOptions,
): AsyncGenerator<StoredEvent> {
  const {file, closed, guarded} = session
  const {from, onHealth} = options
  let last = await guarded(() => (from === undefined ? lastSeq(file.reader()) : seqOf(from)))
  const signal = AbortSignal.any([options.signal, closed])
  const ear = watch.listen()
  try {
    const query = await guarded(() => session.queryOf(filter))
    const health = createHealth(onHealth)
    let generation = file.generation()
    health.set({state: 'live'})
    // One generator for all of it: each that hands on the events of another costs every event three more promises.
    while (!signal.aborted) {
      const found = await look(file)
      health.set(found.health)
      // A number is never given twice, so one beyond the newest was given by a log that is no more.
      if (file.generation() !== generation || (found.health.state === 'live' && last > found.newest)) last = 0
      generation = file.generation()
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
  } catch (thrown) {
    if (!closed.aborted) throw storeFault(thrown, file.path)
  } finally {
    ear.close()
  }
}

interface Look {
  newest: number
  health: FollowHealth
}

async function look(file: LogFile): Promise<Look> {
  try {
    if (file.isReplaced()) await file.reopen({make: false})
    return {newest: lastSeq(file.reader()), health: {state: 'live'}}
  } catch (thrown) {
    return {newest: 0, health: {state: 'silent', reason: messageOf(thrown)}}
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
