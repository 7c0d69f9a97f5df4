import {mappedType} from '../../event/aliases.ts'
import {compileFilter, isEverything} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {Link} from './link.ts'
import {eventOn, isOwnTypeForm, type SubjectGrammar, type SubjectParts} from './subjects.ts'

/** The server of this version and later takes several filter subjects; earlier ones ignore them without a word. */
const severalSubjectsFrom = [2, 10] as const
/** The server compares every message with every one of them. */
const mostSubjects = 32

/**
 * The part of a filter that subjects can decide, or undefined when it asks for neither type nor agent. What it lets
 * through still has to pass the whole filter: it only saves the way of messages that cannot match. Other tools write
 * the type in one token or as it is, and do not escape an agent's dots; every way to read a subject is tried.
 */
export async function subjectTest(
  filter: Filter,
  grammar: SubjectGrammar,
): Promise<((subject: string) => boolean) | undefined> {
  const {types, agents} = filter
  if (isEverything({types, agents})) return undefined
  const byType = await compileFilter({types})
  const byAgent = await compileFilter({agents})

  function mayMatch({agentId, type}: SubjectParts, types: readonly string[] | undefined): boolean {
    const isWantedAgent = agentId === undefined || agentId === 'unknown' || byAgent(eventOn({agentId, type}))
    return isWantedAgent && (types?.some((one) => byType(eventOn({agentId: '', type: one}))) ?? true)
  }

  return (subject) => {
    const parts = grammar.partsOf(subject)
    // What an event on a foreign subject is, only its body tells.
    if (!parts || !isOwnTypeForm(parts.type)) return true
    if (mayMatch(parts, typesOn(parts.type))) return true
    return grammar.foreignPartsOf(subject).some((foreign) => mayMatch(foreign, foreignTypesOn(foreign.type)))
  }
}

/** Types that an event on a subject of this type may turn out to have: other tools' events are renamed when read. */
function typesOn(type: string): string[] {
  const types = [type, mappedType(type, {isError: false}), mappedType(type, {isError: true})]
  return types.includes('conversation.message.out') ? [...types, 'agent.reasoning'] : types
}

const mostUnderscores = 6

/** The same of another tool, which writes `_` for some dots or for all; undefined: it may be any. */
function foreignTypesOn(type: string): string[] | undefined {
  const [first = '', ...rest] = type.split('_')
  if (rest.length > mostUnderscores) return undefined
  let spellings = [first]
  for (const part of rest) spellings = spellings.flatMap((start) => [`${start}_${part}`, `${start}.${part}`])
  return spellings.flatMap(typesOn)
}

/** Every subject of the stream with its number of messages. */
export async function subjectCounts({askPatiently, jsm, target}: Link): Promise<Map<string, number>> {
  const {state} = await askPatiently(() => jsm.streams.info(target.stream, {subjects_filter: '>'}))
  return new Map(Object.entries(state.subjects ?? {}))
}

export type ReadSubjects = {subjects: readonly string[]} | 'nothing'

/**
 * What to ask the server for, so that every event that the filter may let through is among it: nothing at all, some
 * subjects, or (an empty list) everything. Holds for what the stream has now, not for what comes later.
 */
export async function subjectsToRead(link: Link, grammar: SubjectGrammar, filter: Filter): Promise<ReadSubjects> {
  const test = await subjectTest(filter, grammar)
  if (!test) return {subjects: []}
  const present = [...(await subjectCounts(link)).keys()]
  const wanted = present.filter(test)
  if (wanted.length === 0) return 'nothing'
  if (wanted.length === present.length) return {subjects: []}
  const cover = coverOf(wanted)
  const covered = present.filter((subject) => covers(cover, subject)).length
  if (covered === wanted.length) return {subjects: [cover]}
  if (takesSeveral(link) && wanted.length <= mostSubjects) return {subjects: wanted}
  return {subjects: covered === present.length ? [] : [cover]}
}

function takesSeveral(link: Link): boolean {
  const [major, minor] = link.serverVersion()
  return major > severalSubjectsFrom[0] || minor >= severalSubjectsFrom[1]
}

/** The narrowest single pattern that all of these subjects fit: `*` where tokens differ, `>` where lengths do. */
function coverOf(subjects: readonly string[]): string {
  const lists = subjects.map((subject) => subject.split('.'))
  const [first = []] = lists
  const shortest = Math.min(...lists.map(({length}) => length))
  const isSameLength = lists.every(({length}) => length === shortest)
  // The last token of `>` stands for one token at least.
  const fixed = isSameLength ? shortest : shortest - 1
  const tokens = first.slice(0, fixed).map((token, at) => (lists.every((list) => list[at] === token) ? token : '*'))
  return (isSameLength ? tokens : [...tokens, '>']).join('.')
}

/** Whether a subject, or every subject of a pattern, fits a pattern. */
export function covers(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const given = subject.split('.')
  for (const [at, token] of wanted.entries()) {
    if (token === '>') return given.length > at
    const other = given[at]
    if (other === undefined || other === '>' || (token !== '*' && token !== other)) return false
  }
  return wanted.length === given.length
}

/** Whether some subject fits both patterns. */
export function overlap(one: string, other: string): boolean {
  const [first, second] = [one.split('.'), other.split('.')]
  for (let at = 0; ; at++) {
    const [a, b] = [first[at], second[at]]
    if (a === undefined || b === undefined) return a === b
    if (a === '>' || b === '>') return true
    if (a !== '*' && b !== '*' && a !== b) return false
  }
}
