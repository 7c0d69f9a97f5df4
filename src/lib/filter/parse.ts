import {ClawError, Exit} from '../errors.ts'
import type {Filter} from './filter.ts'
import {parseText} from './text.ts'
import {parseTime} from './time.ts'

/** The filter as a command line, a query string or a configuration gives it. */
export interface FilterFlags {
  type?: readonly string[]
  agent?: readonly string[]
  session?: readonly string[]
  run?: readonly string[]
  tool?: readonly string[]
  since?: string
  until?: string
  text?: string
  where?: string
}

/**
 * Reads filter flags; `now` (epoch ms) is what ages count back from. FILTER_INVALID names the value that is wrong.
 * Whether `where` is CEL is seen when the filter is compiled.
 */
export function parseFilter(flags: FilterFlags, now: number): Filter {
  const filter: Filter = {
    types: listOf('type', flags.type),
    agents: listOf('agent', flags.agent),
    sessions: listOf('session', flags.session),
    runs: listOf('run', flags.run),
    tools: listOf('tool', flags.tool),
    since: flags.since === undefined ? undefined : parseTime(flags.since, now),
    until: flags.until === undefined ? undefined : parseTime(flags.until, now),
    text: flags.text,
    where: flags.where,
  }
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until) {
    throw invalid(`since ${flags.since} is not before until ${flags.until}: nothing lies between them`)
  }
  if (filter.text !== undefined) parseText(filter.text)
  if (filter.where?.trim() === '') throw invalid('the CEL expression is empty')
  return Object.fromEntries(Object.entries(filter).filter(([, term]) => term !== undefined))
}

function listOf(flag: string, values: readonly string[] | undefined): readonly string[] | undefined {
  if (values?.some((value) => value.trim() === '')) throw invalid(`an empty ${flag} matches no event`)
  return values && values.length > 0 ? values : undefined
}

function invalid(message: string): ClawError {
  return new ClawError('FILTER_INVALID', message, {exit: Exit.usage})
}
