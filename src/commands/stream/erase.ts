import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {filterFlags, jsonFlag} from '../../cli/flags.ts'
import {stateDirectory} from '../../lib/config/state-dir.ts'
import {ClawError, Exit} from '../../lib/errors.ts'
import {parseFilter} from '../../lib/filter/parse.ts'
import {counted} from '../../lib/output/counted.ts'
import type {EraseRequest, EraseResult} from '../../lib/store/port.ts'
import {eraseEvents} from '../../lib/wiring/erase-events.ts'

export default class StreamErase extends BaseCommand {
  static override summary = "Erase one person's or session's content for good"
  static override description =
    'Takes the content of matching events out of the log, its indexes and its files; the log keeps their digests and says how many there were, so that it still verifies. An erased event is not taken in again. Look first: --dry-run.'
  static override examples = [
    {
      description: 'What would go',
      command: '<%= config.bin %> stream erase --session agent:main:telegram:dm:4711 --dry-run',
    },
    {
      description: 'All that belongs to one person',
      command: "<%= config.bin %> stream erase --person 4711 --reason 'request of 21 November'",
    },
    {
      description: 'Some kinds of events of a time',
      command: "<%= config.bin %> stream erase --type 'message.*' --until 2026-01-01 --yes",
    },
  ]
  static override flags = {
    person: Flags.string({
      helpValue: 'ID',
      multiple: true,
      multipleNonGreedy: true,
      description: 'what names this person, and the runs, messages and sessions that do (repeatable)',
    }),
    reason: Flags.string({helpValue: 'TEXT', description: 'kept in the log, so without anything personal'}),
    'dry-run': Flags.boolean({default: false, description: 'only say how many'}),
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
    ...filterFlags,
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamErase)
    const {person, reason, 'dry-run': dryRun} = flags
    const filter = parseFilter(flags, Date.now())
    if (person?.some((id) => id.trim() === '')) throw nothing('an empty --person is nobody')
    if (person === undefined && Object.keys(filter).length === 0) throw nothing('nothing says what to erase')
    const request: EraseRequest = {filter, persons: person, reason, signal: this.stop}
    const admin = await this.openAdmin(flags)
    const plan = await admin.erase({...request, dryRun: true})
    if (!dryRun && plan.matched > 0) {
      for (const {key, count} of plan.types) this.term.note(`${String(count).padStart(8)}  ${key}`)
      await this.confirm(`Erase ${counted(plan.matched, 'event')} for ever?`, {yes: flags.yes})
    }
    const stateDir = stateDirectory({state: flags.state, env: process.env})
    const result = dryRun ? plan : await eraseEvents(admin, request, stateDir)
    if (result.unfinished !== undefined) process.exitCode = Exit.failed
    if (flags.json) return this.term.line(JSON.stringify({...result, dryRun}))
    await this.report(result, dryRun)
  }

  private async report({matched, erased, types, unfinished}: EraseResult, dryRun: boolean): Promise<void> {
    if (dryRun) {
      for (const {key, count} of types) await this.term.line(`${String(count).padStart(8)}  ${key}`)
      return this.term.line(`would erase ${counted(matched, 'event')}`)
    }
    if (unfinished !== undefined) {
      this.term.note(`not finished: ${unfinished}; then run the same command again`)
    }
    this.term.outcome(`erased ${counted(erased, 'event')}`)
  }
}

function nothing(message: string): ClawError {
  return new ClawError('USAGE', message, {
    exit: Exit.usage,
    suggestions: [
      'give --session KEY, --person ID, or other filters',
      '`claw-events stream remove` deletes a whole log',
    ],
  })
}
