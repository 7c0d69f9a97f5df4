import {messageOf} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import type {Filter} from '../../filter/filter.ts'
import type {FollowHealth, FollowOptions} from '../port.ts'
import {storeFault} from './faults.ts'
import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'
import {seqOf} from './position.ts'
import {readEvents} from './read.ts'
import type {Query, Session} from './session.ts'
import type {Ear, LogWatch} from './watch.ts'

/** Yields what a call of `EventStore.follow` asks for; closing the store ends it without an error. */
export async function* followLog(
  session: Session,
  watch: LogWatch,
  filter: Filter,
  options: FollowOptions,
): AsyncGenerator<StoredEvent> {
  const {file, closed, guarded} = session
  const {from} = options
  const after = await guarded(() => (from === undefined ? lastSeq(file.reader()) : seqOf(from)))
  const signal = AbortSignal.any([options.signal, closed])
  const ear = watch.listen()
  try {
    const query = await guarded(() => session.queryOf(filter))
    yield* followEvents(file, query, after, ear, {...options, signal})
  } catch (thrown) {
    if (!closed.aborted) throw storeFault(thrown, file.path)
  } finally {
    ear.close()
  }
}

/**
 * Yields what comes after a sequence number, then waits for more, until the signal aborts. The log is read only as
 * fast as events are taken. A log that was removed and made anew is read from its start.
 */
async function* followEvents(
  file: LogFile,
  query: Query,
  after: number,
  ear: Ear,
  {signal, onHealth}: FollowOptions,
): AsyncGenerator<StoredEvent> {
  const health = createHealth(onHealth)
  let last = after
  let generation = file.generation()
  health.set({state: 'live'})
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
