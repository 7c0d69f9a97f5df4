import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {filterFlags, ndjsonFlag} from '../cli/flags.ts'
import {formatFlag, printEvents} from '../cli/print-events.ts'
import {createSkipped} from '../cli/skipped-messages.ts'
import {parseFilter} from '../lib/filter/parse.ts'
import {parseDuration} from '../lib/filter/time.ts'
import {tailEvents} from '../lib/replay/tail.ts'
import type {FollowHealth} from '../lib/store/port.ts'

export default class Tail extends BaseCommand {
  static override summary = 'Follow events as they are recorded'
  static override description =
    'Prints the last events, then every new one, from whatever process records it. Survives a restart of the store without loss or repeats, and says so when it hears nothing any more.'
  static override examples = [
    {description: 'Everything, live', command: '<%= config.bin %> tail'},
    {description: "One agent's tool calls", command: "<%= config.bin %> tail --agent main --type 'tool.*'"},
    {description: 'As NDJSON for another program', command: '<%= config.bin %> tail --last 0 --ndjson | jq .type'},
    {
      description: 'Go on where an earlier tail ended',
      command: '<%= config.bin %> tail --after 0000000000000042 --ndjson',
    },
  ]
  static override flags = {
    ...filterFlags,
    last: Flags.integer({
      char: 'n',
      min: 0,
      default: 10,
      helpValue: 'N',
      description: 'first show this many stored events',
    }),
    after: Flags.string({
      helpValue: 'POSITION',
      exclusive: ['last'],
      description: 'first show all events after this position',
    }),
    limit: Flags.integer({min: 1, helpValue: 'N', description: 'end after this many events'}),
    for: Flags.string({helpValue: 'TIME', description: 'end after this long: 10s, 5m'}),
    ...ndjsonFlag,
    ...formatFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Tail)
    const filter = parseFilter(flags, Date.now())
    const end = flags.for === undefined ? [] : [AbortSignal.timeout(parseDuration(flags.for))]
    const store = await this.openStore(flags)
    const skipped = createSkipped(this.term)
    const events = tailEvents(store, filter, {
      last: flags.last,
      after: flags.after,
      limit: flags.limit,
      signal: AbortSignal.any([this.stop, ...end]),
      onHealth: (health) => this.tell(health),
      onSkipped: skipped.onSkippedLive,
    })
    await printEvents(events, flags, this.term).finally(() => skipped.tell({told: 1}))
  }

  private tell(health: FollowHealth): void {
    if (health.state === 'silent')
      this.term.note(`hearing nothing any more: ${health.reason}; waiting for it to come back`)
    else this.term.note('listening')
  }
}
