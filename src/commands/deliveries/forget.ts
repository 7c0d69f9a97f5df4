import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {resolveReader} from '../../lib/delivery/deliveries.ts'

export default class DeliveriesForget extends BaseCommand {
  static override summary = 'Forget an endpoint that is no longer configured'
  static override description =
    'Its place in the log and its deliveries. An endpoint that is only taken out of the configuration keeps them, and is sent everything since when it is put back.'
  static override examples = [
    {description: 'The endpoint called old-crm', command: '<%= config.bin %> deliveries forget old-crm'},
  ]
  static override args = {
    name: Args.string({required: true, description: 'the endpoint, as `deliveries list` names it'}),
  }
  static override flags = {
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(DeliveriesForget)
    const {withDeliveries} = await import('../../lib/wiring/open-deliveries.ts')
    const source = {state: flags.state, env: process.env}
    const forgotten = await withDeliveries(source, async (state) => {
      const reader = await resolveReader(state, args.name)
      const {waiting, dead} = await state.countDeliveries(reader)
      const what = `its place in the log, ${waiting} deliveries that wait and ${dead} dead letters`
      await this.confirm(`Forget ${reader}: ${what}?`, {yes: flags.yes})
      await state.removeReader(reader)
      return {reader, waiting, dead}
    })
    if (flags.json) return this.term.line(JSON.stringify(forgotten))
    await this.term.line(`forgot ${forgotten.reader}`)
  }
}
