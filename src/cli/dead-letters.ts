import {Flags} from '@oclif/core'
import {ClawError, Exit} from '../lib/errors.ts'
import {isEverything} from '../lib/filter/compile.ts'
import type {Filter} from '../lib/filter/filter.ts'
import {type FilterFlags, parseFilter} from '../lib/filter/parse.ts'
import {filterFlags, jsonFlag} from './flags.ts'

export const readerFlag = {
  reader: Flags.string({helpValue: 'NAME', description: 'only this reader, such as alerts or webhook:alerts'}),
}

/** Which dead letters something is done with. */
export const deadLetterFlags = {
  ...readerFlag,
  ...filterFlags,
  all: Flags.boolean({description: 'every dead letter of every reader'}),
  yes: Flags.boolean({char: 'y', description: 'do not ask'}),
  ...jsonFlag,
}

/** The filter of those flags; USAGE when they choose nothing, since that must not mean everything. */
export function deadLetterFilter(flags: FilterFlags & {reader?: string; all?: boolean}, now: number): Filter {
  const filter = parseFilter(flags, now)
  if (flags.all || flags.reader !== undefined || !isEverything(filter)) return filter
  throw new ClawError('USAGE', 'nothing says which dead letters', {
    exit: Exit.usage,
    suggestions: ['name them by --reader and filters, or give --all', '`claw-events deliveries list` shows them'],
  })
}
