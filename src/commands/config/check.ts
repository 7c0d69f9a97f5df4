import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'

export default class ConfigCheck extends BaseCommand {
  static override summary = 'Check the configuration: every fault at once'
  static override description = 'Exit code 2: faults; 3: only remarks, such as a key that has been replaced.'
  static override examples = [
    {description: 'What OpenClaw and this tool would read', command: '<%= config.bin %> config check'},
    {
      description: 'A file before it is put in place',
      command: '<%= config.bin %> config check --config ./event-server.json',
    },
  ]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(ConfigCheck)
    const {loadConfig} = await import('../../lib/config/load.ts')
    void loadConfig
    void flags
  }
}
