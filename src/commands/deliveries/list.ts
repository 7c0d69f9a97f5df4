import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {readerFlag} from '../../cli/dead-letters.ts'
import {filterFlags, jsonFlag} from '../../cli/flags.ts'
import {mostBehind} from '../../lib/delivery/deliveries.ts'
import {parseFilter} from '../../lib/filter/parse.ts'

export default class DeliveriesList extends BaseCommand {
  static override summary = 'What webhooks and other sinks have not delivered'
  static override description =
    'First each reader of the log: whether it runs, how many events lie behind its place, what waits for another attempt, and what was given up (dead letters). Then those deliveries. Filters choose among the deliveries.'
  static override examples = [
    {description: 'All', command: '<%= config.bin %> deliveries list'},
    {
      description: 'Dead letters of one endpoint since yesterday',
      command: '<%= config.bin %> deliveries list --reader alerts --status dead --since 1d',
    },
    {
      description: 'For a monitor: endpoints that need somebody',
      command: `<%= config.bin %> deliveries list --json | jq '.readers[] | select(.state == "disabled" or .dead > 0)'`,
    },
  ]
  static override flags = {
    ...readerFlag,
    status: Flags.option({options: ['waiting', 'dead'] as const, description: 'only deliveries in this state'})(),
    ...filterFlags,
    limit: Flags.integer({char: 'n', min: 1, default: 50, helpValue: 'N', description: 'at most this many deliveries'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(DeliveriesList)
    const {listDeliveries} = await import('../../lib/wiring/list-deliveries.ts')
    const options = {
      source: {state: flags.state, env: process.env},
      location: await this.storeSettings(flags),
      name: flags.reader,
      state: flags.status,
      filter: parseFilter(flags, Date.now()),
      limit: flags.limit,
    }
    const {readers, deliveries, hasMore} = await listDeliveries(options, (problem) =>
      this.term.note(`the log cannot be asked how far behind readers are: ${problem}`),
    )
    if (flags.json) return this.term.line(JSON.stringify({readers, deliveries, hasMore}))
    if (readers.length === 0) return this.term.note('no sink has run yet')
    const {table} = await import('../../lib/output/table.ts')
    const readerRows = readers.map(({reader, state, behind, waiting, dead, reason}) => [
      reader,
      state,
      behind === mostBehind ? `${behind}+` : String(behind ?? '-'),
      String(waiting),
      String(dead),
      reason ?? '',
    ])
    await this.term.line(table(['reader', 'state', 'behind', 'waiting', 'dead', ''], readerRows))
    if (deliveries.length === 0) return
    const rows = deliveries.map(({reader, eventId, state, attempts, nextAt, lastError, event}) => [
      reader,
      eventId,
      event.type,
      event.agentId,
      state === 'dead' ? 'dead' : `until ${nextAt}`,
      String(attempts),
      lastError,
    ])
    const head = ['reader', 'event', 'type', 'agent', 'state', 'attempts', 'last error']
    await this.term.line(`\n${table(head, rows)}`)
    if (hasMore) this.term.note(`there are more than these ${flags.limit}; --limit shows them`)
  }
}
