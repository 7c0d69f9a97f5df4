import {isKnownType} from '../../event/aliases.ts'
import {compileFilter, isEverything} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {Grouping, Tally} from '../port.ts'
import {sortGroups, tallyOf} from '../tally.ts'
import {decodeEvent} from './decode.ts'
import type {Link} from './link.ts'
import {subjectCounts, subjectTest} from './pushdown.ts'
import {type ReadContext, readEvents} from './read.ts'
import {eventOn, isOwnTypeForm, type SubjectParts} from './subjects.ts'

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

/** Beyond so many subjects of which only their messages tell what they are, all are read. */
const mostAsked = 64

/** Undefined when there is a subject that does not tell agent and type for certain. */
async function countSubjects({link, grammar}: ReadContext, filter: Filter, by?: Grouping): Promise<Tally | undefined> {
  const matches = await compileFilter(filter)
  const mayMatch = await subjectTest(filter, grammar)
  const needsAgent = by === 'agent' || !isEverything({agents: filter.agents})
  const groups = new Map<string, number>()
  const doubtful: Array<[subject: string, SubjectParts]> = []
  let count = 0
  for (const [subject, messages] of await subjectCounts(link)) {
    const parts = grammar.partsOf(subject)
    if (!parts || !isOwnTypeForm(parts.type) || (needsAgent && parts.agentId === undefined)) return undefined
    const isWanted = matches(eventOn(parts))
    // A type that we do not know may be the rest of an agent's id and the type of another tool.
    const needsLook = by !== undefined || mayMatch !== undefined
    if (needsLook && (!isKnownType(parts.type) || (!isWanted && mayMatch?.(subject)))) doubtful.push([subject, parts])
    if (!isWanted) continue
    count += messages
    const key = by === 'type' ? parts.type : parts.agentId
    if (by !== undefined && key !== undefined) groups.set(key, (groups.get(key) ?? 0) + messages)
  }
  if (doubtful.length > mostAsked) return undefined
  const isCertain = await Promise.all(doubtful.map(([subject, parts]) => isOn(link, subject, parts)))
  if (isCertain.includes(false)) return undefined
  return {
    count,
    groups: sortGroups(
      [...groups].map(([key, count]) => ({key, count})),
      by,
    ),
  }
}

/** Whether the newest message on a subject is what the subject says; also when there is none any more. */
async function isOn({ask, jsm, target}: Link, subject: string, {agentId, type}: SubjectParts): Promise<boolean> {
  const message = await ask(() => jsm.streams.getMessage(target.stream, {last_by_subj: subject}))
  if (!message) return true
  const event = decodeEvent(message.data, target.stream, message.time.getTime())
  return event?.type === type && (agentId === undefined || event.agentId === agentId)
}
