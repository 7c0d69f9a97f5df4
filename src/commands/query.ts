import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {filterFlags, jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import {formatFlag, printEvents} from '../cli/print-events.ts'
import {printTally} from '../cli/print-tally.ts'
import {createSkipped} from '../cli/skipped-messages.ts'
import {isKnownType} from '../lib/event/aliases.ts'
import {catalogue} from '../lib/event/catalogue.ts'
import {parseFilter} from '../lib/filter/parse.ts'
import {nearest} from '../lib/match/nearest.ts'
import {groupings} from '../lib/store/port.ts'

export default class Query extends BaseCommand {
  static override summary = 'Find stored events'
  static override description =
    'Prints the newest matching events first. Filters are joined by AND, a repeated filter by OR.'
  static override examples = [
    {description: 'The last 50 events', command: '<%= config.bin %> query'},
    {
      description: 'What tools did in the last two hours',
      command: "<%= config.bin %> query --type 'tool.*' --since 2h",
    },
    {description: 'Full text', command: "<%= config.bin %> query --text 'deploy failed' --agent main"},
    {description: 'Slow calls, by CEL', command: "<%= config.bin %> query --where 'data.durationMs > 500'"},
    {description: 'How many of each type', command: '<%= config.bin %> query --by type'},
    {description: 'Activity by hour, as bars', command: '<%= config.bin %> query --by hour --since 1d'},
  ]
  static override flags = {
    ...filterFlags,
    limit: Flags.integer({
      char: 'n',
      min: 0,
      default: 50,
      // A count is of all that match; one that stops at a limit would look like it.
      exclusive: ['count', 'by'],
      helpValue: 'N',
      description: 'at most this many events; 0: all',
    }),
    order: Flags.option({
      options: ['asc', 'desc'] as const,
      default: 'desc' as const,
      description: 'log order or newest first',
    })(),
    count: Flags.boolean({description: 'only how many'}),
    by: Flags.option({options: groupings, description: 'count per value'})(),
    ...jsonFlag,
    ...ndjsonFlag,
    ...formatFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Query)
    const filter = parseFilter(flags, Date.now())
    const store = await this.openStore(flags)
    const {limit, order, by} = flags
    const signal = this.stop
    if (flags.count || by) return printTally(await store.count(filter, by, {signal}), flags, this.term)
    const skipped = createSkipped(this.term)
    const {onSkipped} = skipped
    const printed = await printEvents(store.read(filter, {limit, order, signal, onSkipped}), flags, this.term)
    skipped.tell()
    if (printed === 0) this.term.note(nothingFound(flags.type))
  }
}

/** An unknown type is no error, since anyone may make one up; but a misspelt one should not look like an empty log. */
function nothingFound(types: readonly string[] = []): string {
  const misspelt = types.find((type) => !type.includes('*') && !isKnownType(type))
  const meant = misspelt && nearest(misspelt, [...catalogue.keys()])
  return meant ? `no event matches; did you mean --type ${meant}?` : 'no event matches'
}
