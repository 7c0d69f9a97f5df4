import type {StoredEvent} from '../../event/envelope.ts'
import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {FollowOptions} from '../port.ts'
import {createDecode, positionOf, sequenceOf} from './decode.ts'
import {type DeliverOptions, deliver} from './deliver.ts'
import {replacedStream} from './failures.ts'
import {subjectsToRead} from './pushdown.ts'
import type {ReadContext} from './read.ts'

/** Every event after a position, then what comes, until `signal` aborts or the store is closed. */
export async function* followEvents(
  context: ReadContext,
  filter: Filter,
  {from, signal, onHealth, onSkipped}: FollowOptions,
): AsyncGenerator<StoredEvent> {
  context.closing.throwIfAborted()
  const {link} = context
  const stop = AbortSignal.any([signal, context.closing])
  const matches = await compileFilter(filter)
  const decode = createDecode(link.target.stream)
  const health = onHealth && changesOnly(onHealth)
  const stages = await stagesOf(context, filter, from).catch((thrown) => {
    if (stop.aborted) return []
    throw thrown
  })
  for (const stage of stages) {
    const options = {...stage, patienceMs: Number.POSITIVE_INFINITY, signal: stop, onHealth: health}
    for await (const batch of deliver(link, options)) {
      for (const delivered of batch) {
        if (stop.aborted) return
        const event = decode(delivered)
        if (event === undefined) onSkipped?.(positionOf(delivered.seq))
        if (event !== undefined && matches(event)) yield event
      }
    }
  }
}

type Stage = Pick<DeliverOptions, 'after' | 'to' | 'created' | 'subjects'>

/**
 * What is there already, of which it is known which subjects can be left out; then all that comes, since new writers
 * bring new subjects.
 */
async function stagesOf({link, grammar}: ReadContext, filter: Filter, from: string | undefined): Promise<Stage[]> {
  const {created, state} = await link.streamInfo()
  const head = state.last_seq
  const after = from === undefined ? head : sequenceOf(from)
  // Such a position is of a stream that is no more; to wait until the new one gets there would hide its events.
  if (after > head) throw replacedStream(link.target)
  const endless = {created, to: Number.POSITIVE_INFINITY}
  const backlog = after === head ? 'nothing' : await subjectsToRead(link, grammar, filter)
  if (backlog === 'nothing') return [{...endless, after: head}]
  if (backlog.subjects.length === 0) return [{...endless, after}]
  return [
    {created, after, to: head, subjects: backlog.subjects},
    {...endless, after: head},
  ]
}

/** Told apart from the caller's turn: what it throws must not reach the client, whose reading it would end. */
function changesOnly(onHealth: NonNullable<FollowOptions['onHealth']>): NonNullable<FollowOptions['onHealth']> {
  let state = ''
  return (health) => {
    if (health.state === state) return
    state = health.state
    queueMicrotask(() => onHealth(health))
  }
}
