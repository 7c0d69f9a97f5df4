import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {everything} from '../../lib/filter/filter.ts'
import {bytesText} from '../../lib/output/bytes.ts'
import type {StoreDescription} from '../../lib/store/port.ts'

export default class StreamInfo extends BaseCommand {
  static override summary = 'State of the event log: size, span, counts by type, durability'
  static override examples = [
    {description: 'The configured log', command: '<%= config.bin %> stream info'},
    {description: 'As JSON', command: '<%= config.bin %> stream info --store nats://localhost:4222 --json'},
  ]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamInfo)
    const store = await this.openStore(flags)
    const about = await store.describe()
    const {groups} = await store.count(everything, 'type', {signal: this.stop})
    if (flags.json) return this.term.line(JSON.stringify({...about, types: groups}))
    const {paint} = this.term
    const rows = [
      ['store', about.store],
      ['stream', about.stream],
      ['events', String(about.events)],
      ['size', bytesText(about.bytes)],
      ['first', about.first ? `${about.first.storedAt}  position ${about.first.position}` : '-'],
      ['last', about.last ? `${about.last.storedAt}  position ${about.last.position}` : '-'],
      ...keptRows(about),
      ['durability', about.durability.detail],
    ]
    for (const [name, value] of rows) await this.term.line(`${paint.dim(name!.padEnd(10))}  ${value}`)
    const {table} = await import('../../lib/output/table.ts')
    if (groups.length > 0)
      await this.term.line(
        `\n${table(
          ['type', 'events'],
          groups.map(({key, count}) => [key, String(count)]),
        )}`,
      )
  }
}

/** How long and how often the log keeps an event. */
function keptRows({retention, durability}: StoreDescription): Array<[string, string]> {
  const {replicas, cluster, lagging = [], duplicateWindowMs} = durability
  const {maxAgeMs = 0, maxBytes = 0} = retention ?? {}
  const limits = [maxAgeMs > 0 && spanText(maxAgeMs), maxBytes > 0 && `at most ${bytesText(maxBytes)}`]
  const behind = lagging.length > 0 ? `; not up to date: ${lagging.join(', ')}` : ''
  const rows: Array<[string, string]> = []
  if (retention) rows.push(['keeps', limits.filter(Boolean).join(', ') || 'everything'])
  if (replicas !== undefined) {
    rows.push(['copies', `${replicas}${cluster === undefined ? '' : ` in cluster ${cluster}`}${behind}`])
  }
  if (duplicateWindowMs !== undefined)
    rows.push(['duplicates', `noticed by the server for ${spanText(duplicateWindowMs)}`])
  return rows
}

function spanText(ms: number): string {
  const days = ms / 86_400_000
  return days >= 1 ? `${Math.round(days)} days` : `${ms / 1000} s`
}
