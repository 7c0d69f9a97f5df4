import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {Exit} from '../../lib/errors.ts'

export default class StreamVerify extends BaseCommand {
  static override summary = 'Prove that nothing in the log is missing, changed or swapped'
  static override description =
    'Walks the hash chain of the embedded log. Exit code 3: something is wrong, and the first fault is named.'
  static override examples = [{description: 'Check the whole log', command: '<%= config.bin %> stream verify'}]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamVerify)
    const admin = await this.openAdmin(flags)
    const result = await admin.verify()
    if (!result.ok) process.exitCode = Exit.no
    if (flags.json) return this.term.line(JSON.stringify(result))
    const {paint} = this.term
    for (const {position, kind, message} of result.faults)
      await this.term.line(`${paint.bad(kind)}  position ${position}  ${message}`)
    await this.term.line(
      result.ok
        ? `${paint.good('ok')}: ${result.events} events, nothing missing, changed or swapped`
        : 'the log is not what was written',
    )
  }
}
