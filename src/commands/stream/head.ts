import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {counted} from '../../lib/output/counted.ts'

export default class StreamHead extends BaseCommand {
  static override summary = "Print the head of the log's hash chain"
  static override description =
    'The chain is over every event so far. Kept where nobody who can write the log can change it, it proves later that the history before it is the same still: `stream verify --anchor FILE`. A JetStream log is read whole for it.'
  static override examples = [
    {description: 'The newest link', command: '<%= config.bin %> stream head'},
    {description: 'An anchor, to be kept elsewhere', command: '<%= config.bin %> stream head --json > anchor.json'},
  ]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamHead)
    const admin = await this.openAdmin(flags)
    const anchor = await admin.anchor({signal: this.stop})
    if (flags.json) return this.term.line(JSON.stringify(anchor))
    const {store, position, events, chain, at} = anchor
    const {paint} = this.term
    const rows = [
      ['store', store],
      ['position', position || '-'],
      ['events', counted(events, 'event')],
      ['chain', chain],
      ['at', at],
    ]
    for (const [name, value] of rows) await this.term.line(`${paint.dim(name!.padEnd(8))}  ${value}`)
  }
}
