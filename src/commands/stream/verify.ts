import {readFile} from 'node:fs/promises'
import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {ClawError, Exit, messageOf} from '../../lib/errors.ts'
import {counted} from '../../lib/output/counted.ts'
import {type Anchor, parseAnchor} from '../../lib/store/anchor.ts'
import type {VerifyResult} from '../../lib/store/port.ts'

export default class StreamVerify extends BaseCommand {
  static override summary = 'Prove that nothing in the log is missing, changed or swapped'
  static override description =
    'Walks the hash chain of the log. What was erased or pruned with this tool is no fault. With --anchor also a log that somebody wrote anew, or cut off at its end, is found. Exit code 3: something is wrong, and the first faults are named.'
  static override examples = [
    {description: 'Check the whole log', command: '<%= config.bin %> stream verify'},
    {
      description: 'Also against what stream head printed some day',
      command: '<%= config.bin %> stream verify --anchor anchor.json',
    },
  ]
  static override flags = {
    anchor: Flags.string({helpValue: 'FILE', description: 'what `stream head --json` printed before'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamVerify)
    const anchor = flags.anchor === undefined ? undefined : await readAnchor(flags.anchor)
    const admin = await this.openAdmin(flags)
    const result = await admin.verify({anchor, signal: this.stop})
    if (!result.ok) process.exitCode = Exit.no
    if (flags.json) return this.term.line(JSON.stringify(result))
    const {paint} = this.term
    for (const {position, kind, message} of result.faults)
      await this.term.line(`${paint.bad(kind)}  position ${position}  ${message}`)
    for (const note of result.notes) this.term.note(`note: ${note}`)
    await this.term.line(this.verdictOn(result, anchor))
  }

  private verdictOn({ok, chained, events, erased}: VerifyResult, anchor: Anchor | undefined): string {
    if (!ok) return 'the log is not what was written'
    const proven = chained ? 'nothing missing, changed or swapped' : 'nothing missing'
    const parts = [
      `${counted(events, 'event')}, ${proven}`,
      ...(erased > 0 ? [`${erased} erased, as the log records`] : []),
      ...(anchor ? [`the same up to position ${anchor.position || '-'} as at ${anchor.at}`] : []),
    ]
    return `${this.term.paint.good('ok')}: ${parts.join('; ')}`
  }
}

async function readAnchor(file: string): Promise<Anchor> {
  try {
    return parseAnchor(await readFile(file, 'utf8'), file)
  } catch (thrown) {
    if (thrown instanceof ClawError) throw thrown
    throw new ClawError('INPUT_UNREADABLE', `cannot read the anchor ${file}: ${messageOf(thrown)}`, {
      exit: Exit.usage,
      suggestions: ['make one with `claw-events stream head --json > anchor.json`'],
    })
  }
}
