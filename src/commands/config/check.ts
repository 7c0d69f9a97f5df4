import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {configError} from '../../lib/config/faults.ts'
import {Exit} from '../../lib/errors.ts'

export default class ConfigCheck extends BaseCommand {
  static override summary = 'Check the configuration: every fault at once'
  static override description =
    "Without --config: all that this tool and the plugin would read (OpenClaw's openclaw.json, config.yml, environment). With it: that file alone. Exit code 2: faults; 3: only remarks, such as a key that has been replaced."
  static override examples = [
    {description: 'What is in force', command: '<%= config.bin %> config check'},
    {description: 'A file before it is put in place', command: '<%= config.bin %> config check --config ./new.json'},
  ]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    // The schema's library is loaded only here.
    const {loadConfig} = await import('../../lib/config/load.ts')
    const {flags} = await this.parse(ConfigCheck)
    const {config, state} = flags
    const {faults, notes} = await loadConfig({config, state, only: config !== undefined, env: process.env})
    if (faults.length > 0 && !flags.json) throw configError(faults)
    process.exitCode = faults.length > 0 ? Exit.usage : notes.length > 0 ? Exit.no : Exit.done
    if (flags.json) return this.term.line(JSON.stringify({ok: faults.length + notes.length === 0, faults, notes}))
    for (const note of notes) await this.term.line(note)
    if (notes.length === 0) await this.term.line('the configuration is in order')
  }
}
