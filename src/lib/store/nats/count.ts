import {compileFilter, isEverything} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {Grouping, Tally} from '../port.ts'
import {sortGroups, tallyOf} from '../tally.ts'
import {subjectCounts} from './pushdown.ts'
import {type ReadContext, readEvents} from './read.ts'
import {eventOn, isOwnTypeForm} from './subjects.ts'

/** Counts from the stream's subjects where they tell everything that is asked for; otherwise reads and counts. */
export async function countEvents(
  context: ReadContext,
  filter: Filter,
  {by, signal}: {by?: Grouping; signal?: AbortSignal} = {},
): Promise<Tally> {
  const fromSubjects = isOfSubjects(filter, by) ? await countSubjects(context, filter, by) : undefined
  return fromSubjects ?? tallyOf(readEvents(context, filter, {signal}), by)
}

function isOfSubjects(filter: Filter, by: Grouping | undefined): boolean {
  const {types: _types, agents: _agents, ...others} = filter
  return isEverything(others) && (by === undefined || by === 'type' || by === 'agent')
}

/** Undefined when there is a subject that does not tell agent and type for certain. */
async function countSubjects({link, grammar}: ReadContext, filter: Filter, by?: Grouping): Promise<Tally | undefined> {
  const matches = await compileFilter(filter)
  const needsAgent = by === 'agent' || !isEverything({agents: filter.agents})
  const groups = new Map<string, number>()
  let count = 0
  for (const [subject, messages] of await subjectCounts(link)) {
    const parts = grammar.partsOf(subject)
    if (!parts || !isOwnTypeForm(parts.type) || (needsAgent && parts.agentId === undefined)) return undefined
    if (!matches(eventOn(parts))) continue
    count += messages
    const key = by === 'type' ? parts.type : parts.agentId
    if (by !== undefined && key !== undefined) groups.set(key, (groups.get(key) ?? 0) + messages)
  }
  return {
    count,
    groups: sortGroups(
      [...groups].map(([key, count]) => ({key, count})),
      by,
    ),
  }
}
