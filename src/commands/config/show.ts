import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {configError} from '../../lib/config/faults.ts'

export default class ConfigShow extends BaseCommand {
  static override summary = 'Show the configuration and where each value comes from'
  static override description = 'Secrets are masked.'
  static override examples = [
    {description: 'What somebody has set', command: '<%= config.bin %> config show'},
    {description: 'Every key, defaults too', command: '<%= config.bin %> config show --all'},
    {description: 'The same as JSON', command: '<%= config.bin %> config show --all --json'},
  ]
  static override flags = {
    all: Flags.boolean({description: 'defaults, too'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    // The schema's library is loaded only here.
    const {loadConfig} = await import('../../lib/config/load.ts')
    const {show} = await import('../../lib/config/show.ts')
    const {flags} = await this.parse(ConfigShow)
    const {config, origins, faults} = await loadConfig({config: flags.config, state: flags.state, env: process.env})
    if (faults.length > 0) throw configError(faults)
    const values = show(config, origins).filter(({origin}) => flags.all || origin !== 'default')
    if (flags.json) return this.term.line(JSON.stringify({values}))
    if (values.length === 0) return this.term.note('nothing is set; --all shows the defaults')
    const {table} = await import('../../lib/output/table.ts')
    await this.term.line(
      table(
        ['key', 'value', 'from'],
        values.map(({key, value, origin}) => [key, JSON.stringify(value), origin]),
      ),
    )
  }
}
