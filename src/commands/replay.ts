import {Flags} from '@oclif/core'
import {BaseCommand, type BaseFlags} from '../cli/base-command.ts'
import {filterFlags, jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import {pausableClock} from '../cli/pausable-clock.ts'
import {formatFlag} from '../cli/print-events.ts'
import {isTimeline, printTimelines} from '../cli/print-timeline.ts'
import {createProgressBeside} from '../cli/progress.ts'
import {planText, resultText} from '../cli/replay-text.ts'
import {stdoutTarget} from '../cli/stdout-target.ts'
import {parseFilter} from '../lib/filter/parse.ts'
import {parseSpeed} from '../lib/replay/pace.ts'
import {planReplay, totalOf} from '../lib/replay/plan.ts'
import {replayEvents} from '../lib/replay/replay.ts'
import {resume} from '../lib/replay/resume.ts'
import {assertOtherLog, placeText} from '../lib/replay/same-log.ts'
import {storeTarget} from '../lib/replay/store-target.ts'
import type {EventStore} from '../lib/store/port.ts'

export default class Replay extends BaseCommand {
  static override summary = 'Send stored events again, in log order; show a run as a timeline'
  static override description =
    'To the screen or a pipe, as fast or as slowly as they happened, or into another event log. With --run alone: what one run did, as a tree of its calls and of the runs it started.'
  static override examples = [
    {
      description: 'What happened in a run',
      command: '<%= config.bin %> replay --run 5abb6438-7982-4b6d-beb4-882abbffd1bf',
    },
    {
      description: 'A session as it happened, ten times faster',
      command: '<%= config.bin %> replay --session agent:main:main --speed 10x',
    },
    {
      description: 'From the laptop to a cluster; again adds nothing',
      command: '<%= config.bin %> replay --to nats://localhost:4222',
    },
  ]
  static override flags = {
    ...filterFlags,
    speed: Flags.string({
      helpValue: '1x|10x|max',
      description: 'how many times faster than it happened [default: max]',
    }),
    to: Flags.string({
      default: 'stdout',
      helpValue: 'stdout|URL',
      description: 'where to: stdout, or the URL of another event log',
    }),
    limit: Flags.integer({
      char: 'n',
      min: 0,
      default: 0,
      helpValue: 'N',
      description: 'at most this many events; 0: all',
    }),
    resume: Flags.string({helpValue: 'FILE', description: 'keep the place in this file, and go on from it'}),
    'dry-run': Flags.boolean({description: 'say what would be sent and send nothing'}),
    ...jsonFlag,
    ...ndjsonFlag,
    ...formatFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Replay)
    const {stop: signal, term} = this
    const filter = parseFilter(flags, Date.now())
    const speed = parseSpeed(flags.speed ?? 'max')
    const store = await this.openStore(flags)
    if (isTimeline(flags)) return printTimelines(store, flags, {term, signal})
    if (flags['dry-run']) {
      const plan = await planReplay(store, filter, {speed, limit: flags.limit, signal})
      return term.line(flags.json || flags.ndjson ? JSON.stringify(plan) : planText(plan))
    }
    const other = flags.to === 'stdout' ? undefined : await this.openOther(store, flags)
    const to = other ? placeText(await other.describe()) : 'stdout'
    const place = await resume({...flags, file: flags.resume, log: await store.describe(), to, flags, filter})
    const printer = stdoutTarget(flags, term, signal)
    const target = other ? storeTarget(other, {isPaced: Number.isFinite(speed)}) : printer
    const progress = createProgressBeside(term, {unit: 'events'})
    const total = progress.isShown ? await totalOf(store, place.filter, flags.limit) : undefined
    const onProgress = ({read}: {read: number}) => progress.update(place.sent + read, total)
    const options = {...place, speed, signal, now: pausableClock(), onProgress}
    const result = await replayEvents(store, target, options).finally(() => progress.stop())
    if (other) return term.outcome(flags.json || flags.ndjson ? JSON.stringify(result) : resultText(result))
    if (!result.interrupted) await printer.end()
  }

  private async openOther(store: EventStore, flags: BaseFlags & {to: string}): Promise<EventStore> {
    const other = await this.openStore({...flags, store: flags.to}, {whenMissing: 'create'})
    assertOtherLog(await store.describe(), await other.describe())
    return other
  }
}
