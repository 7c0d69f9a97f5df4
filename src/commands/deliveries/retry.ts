import {BaseCommand} from '../../cli/base-command.ts'
import {deadLetterFilter, deadLetterFlags} from '../../cli/dead-letters.ts'
import {findDead, resolveReader, retryDead} from '../../lib/delivery/deliveries.ts'

/** From so many on somebody at a terminal is asked. */
const many = 100

export default class DeliveriesRetry extends BaseCommand {
  static override summary = 'Send dead letters again'
  static override description =
    'Makes deliveries that were given up due now, with all their attempts before them. The process that runs the sinks sends them within about a second, or when it starts.'
  static override examples = [
    {description: 'All of one endpoint', command: '<%= config.bin %> deliveries retry --reader alerts'},
    {
      description: "An agent's tool events of the last two hours, for every endpoint",
      command: "<%= config.bin %> deliveries retry --agent main --type 'tool.*' --since 2h",
    },
    {description: 'Everything', command: '<%= config.bin %> deliveries retry --all --yes'},
  ]
  static override flags = deadLetterFlags

  async run(): Promise<void> {
    const {flags} = await this.parse(DeliveriesRetry)
    const filter = deadLetterFilter(flags, Date.now())
    const {withDeliveries} = await import('../../lib/wiring/open-deliveries.ts')
    const source = {state: flags.state, env: process.env}
    const readers = await withDeliveries(source, async (state) => {
      const reader = flags.reader === undefined ? undefined : await resolveReader(state, flags.reader)
      const letters = await findDead(state, {reader, filter})
      const count = [...letters.values()].reduce((sum, ids) => sum + ids.length, 0)
      if (count >= many && this.term.interactive) {
        await this.confirm(`Send ${count} dead letters again?`, {yes: flags.yes})
      }
      return retryDead(state, letters)
    })
    const retried = readers.reduce((sum, one) => sum + one.retried, 0)
    if (flags.json) return this.term.line(JSON.stringify({retried, readers}))
    for (const one of readers) await this.term.line(`${one.reader}: ${one.retried} to be sent again`)
    if (retried === 0) this.term.note('no dead letter matches')
  }
}
