import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {Exit} from '../../lib/errors.ts'
import {counted} from '../../lib/output/counted.ts'
import type {VerifyResult} from '../../lib/store/port.ts'

export default class StreamVerify extends BaseCommand {
  static override summary = 'Prove that nothing in the log is missing, changed or swapped'
  static override description =
    'Walks the hash chain of the embedded log; of a JetStream stream, which has none, it only sees that all events are there. Exit code 3: something is wrong, and the first fault is named.'
  static override examples = [{description: 'Check the whole log', command: '<%= config.bin %> stream verify'}]
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamVerify)
    const admin = await this.openAdmin(flags)
    const result = await admin.verify({signal: this.stop})
    if (!result.ok) process.exitCode = Exit.no
    if (flags.json) return this.term.line(JSON.stringify(result))
    const {paint} = this.term
    for (const {position, kind, message} of result.faults)
      await this.term.line(`${paint.bad(kind)}  position ${position}  ${message}`)
    await this.term.line(this.verdictOn(result))
  }

  private verdictOn({ok, chained, events}: VerifyResult): string {
    if (!ok) return 'the log is not what was written'
    const proven = chained
      ? 'nothing missing, changed or swapped'
      : 'nothing missing; a JetStream stream has no hash chain, so a changed event would not be noticed'
    return `${this.term.paint.good('ok')}: ${counted(events, 'event')}, ${proven}`
  }
}
