import {Args} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {enableEndpoint, resolveReader} from '../../lib/delivery/deliveries.ts'

export default class DeliveriesEnable extends BaseCommand {
  static override summary = 'Let a disabled endpoint go on where it stopped'
  static override description =
    'An endpoint that answered "gone" (410), or failed for days, is sent nothing until this. Its place in the log was kept, so it misses nothing.'
  static override examples = [
    {description: 'The endpoint called alerts', command: '<%= config.bin %> deliveries enable alerts'},
  ]
  static override args = {
    name: Args.string({required: true, description: 'the endpoint, as `deliveries list` names it'}),
  }
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(DeliveriesEnable)
    const {withDeliveries} = await import('../../lib/wiring/open-deliveries.ts')
    const source = {state: flags.state, env: process.env}
    const {reader, enabled} = await withDeliveries(source, async (state) => {
      const found = await resolveReader(state, args.name)
      return {reader: found, enabled: await enableEndpoint(state, found)}
    })
    if (flags.json) return this.term.line(JSON.stringify({reader, enabled}))
    if (enabled) await this.term.line(`${reader} goes on where it stopped`)
    else this.term.note(`${reader} is not disabled`)
  }
}
