import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {bytesText} from '../../lib/output/bytes.ts'

export default class StreamList extends BaseCommand {
  static override summary = 'The event logs of this server, or the embedded one'
  static override examples = [
    {description: 'All streams of a server', command: '<%= config.bin %> stream list --store nats://localhost:4222'},
  ]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamList)
    const admin = await this.openAdmin(flags)
    const streams = await admin.list()
    if (flags.json) return this.term.line(JSON.stringify({streams}))
    if (streams.length === 0) return this.term.note('no event log yet; `claw-events stream init` makes one')
    const rows = streams.map(({stream, events, bytes, last}) => [
      stream,
      String(events),
      bytesText(bytes),
      last?.storedAt ?? '-',
    ])
    const {table} = await import('../../lib/output/table.ts')
    await this.term.line(table(['stream', 'events', 'size', 'last stored'], rows))
  }
}
