import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {parseBytes} from '../../lib/config/bytes.ts'
import {ClawError, Exit} from '../../lib/errors.ts'
import {parseTime} from '../../lib/filter/time.ts'
import {counted} from '../../lib/output/counted.ts'

export default class StreamPrune extends BaseCommand {
  static override summary = 'Remove the oldest events'
  static override description = 'Counts from when an event was stored, so that migrated notes of long ago are not old.'
  static override examples = [
    {description: 'What would go', command: '<%= config.bin %> stream prune --before 90d --dry-run'},
    {description: 'Keep the newest gigabyte', command: '<%= config.bin %> stream prune --max-bytes 1GB --yes'},
  ]
  static override flags = {
    before: Flags.string({helpValue: 'TIME', description: 'remove what was stored before this time: 90d, 2026-01-01'}),
    'max-bytes': Flags.string({helpValue: 'SIZE', description: 'remove the oldest until this much is left: 1GB'}),
    'dry-run': Flags.boolean({default: false, description: 'only say how many'}),
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamPrune)
    const {before, 'max-bytes': size, 'dry-run': dryRun} = flags
    if (before === undefined && size === undefined) {
      throw new ClawError('USAGE', 'nothing says what to remove', {
        exit: Exit.usage,
        suggestions: ['give --before TIME, --max-bytes SIZE, or both'],
      })
    }
    if (size !== undefined && parseBytes(size) === 0) {
      throw new ClawError('USAGE', `--max-bytes ${size} would remove every event`, {
        exit: Exit.usage,
        suggestions: ['`claw-events stream remove` deletes a whole log'],
      })
    }
    const request = {
      storedBefore: before === undefined ? undefined : parseTime(before, Date.now()),
      maxBytes: size === undefined ? undefined : parseBytes(size),
    }
    const admin = await this.openAdmin(flags)
    const plan = await admin.prune({...request, dryRun: true})
    if (!dryRun && plan.removed > 0)
      await this.confirm(`Remove ${counted(plan.removed, 'event')} for ever?`, {yes: flags.yes})
    const {removed, left} = dryRun ? plan : await admin.prune(request)
    if (flags.json) return this.term.line(JSON.stringify({removed, left, dryRun}))
    await this.term.line(`${dryRun ? 'would remove' : 'removed'} ${counted(removed, 'event')}; ${left} left`)
  }
}
