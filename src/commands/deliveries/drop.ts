import {BaseCommand} from '../../cli/base-command.ts'
import {deadLetterFilter, deadLetterFlags} from '../../cli/dead-letters.ts'
import {dropDead, findDead, resolveReader} from '../../lib/delivery/deliveries.ts'

export default class DeliveriesDrop extends BaseCommand {
  static override summary = 'Forget dead letters'
  static override description = 'They are never sent then. The events themselves stay in the log.'
  static override examples = [
    {description: 'All of one endpoint', command: '<%= config.bin %> deliveries drop --reader alerts --yes'},
    {description: 'What is too old to matter', command: '<%= config.bin %> deliveries drop --until 30d'},
  ]
  static override flags = deadLetterFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(DeliveriesDrop)
    const filter = deadLetterFilter(flags, Date.now())
    const {withDeliveries} = await import('../../lib/wiring/open-deliveries.ts')
    const source = {state: flags.state, env: process.env}
    const dropped = await withDeliveries(source, async (state) => {
      const reader = flags.reader === undefined ? undefined : await resolveReader(state, flags.reader)
      const letters = await findDead(state, {reader, filter})
      const count = [...letters.values()].reduce((sum, ids) => sum + ids.length, 0)
      if (count > 0) await this.confirm(`Forget ${count} dead letters for ever?`, {yes: flags.yes})
      await dropDead(state, letters)
      return count
    })
    if (flags.json) return this.term.line(JSON.stringify({dropped}))
    await this.term.line(`forgot ${dropped} dead letter${dropped === 1 ? '' : 's'}`)
  }
}
