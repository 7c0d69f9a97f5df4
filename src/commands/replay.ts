import {Flags} from '@oclif/core'
import {BaseCommand, type BaseFlags} from '../cli/base-command.ts'
import {filterFlags, jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import {pausableClock} from '../cli/pausable-clock.ts'
import {formatFlag} from '../cli/print-events.ts'
import {isTimeline, printTimelines} from '../cli/print-timeline.ts'
import {createProgressBeside} from '../cli/progress.ts'
import {type Destination, openDestination} from '../cli/replay-destination.ts'
import {destinationFlags, destinationKind} from '../cli/replay-flags.ts'
import {planText} from '../cli/replay-text.ts'
import {parseFilter} from '../lib/filter/parse.ts'
import {parseSpeed} from '../lib/replay/pace.ts'
import {planReplay, totalOf} from '../lib/replay/plan.ts'
import {type ReplayResult, replayEvents} from '../lib/replay/replay.ts'
import {type Resumed, resume} from '../lib/replay/resume.ts'
import {assertOtherLog} from '../lib/replay/same-log.ts'
import type {EventStore} from '../lib/store/port.ts'

export default class Replay extends BaseCommand {
  static override summary = 'Send stored events again, in log order; show a run as a timeline'
  static override description =
    'To the screen or a pipe, as fast or as slowly as they happened, into another event log, to a webhook, or over the rules of the bridge. With --run alone: what one run did, as a tree of its calls and of the runs it started.'
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
    {
      description: 'What a receiver missed; the same command goes on where it ended',
      command: '<%= config.bin %> replay --since 2d --to https://example.com/hook --resume hook.place',
    },
    {
      description: 'Which actions the rules of the bridge would have started',
      command: '<%= config.bin %> replay --since 7d --to bridge',
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
      helpValue: 'stdout|URL|bridge',
      description: 'where to: stdout, another event log, an https:// webhook, or the rules of the bridge',
    }),
    limit: Flags.integer({
      char: 'n',
      min: 0,
      default: 0,
      helpValue: 'N',
      description: 'at most this many events; 0: all',
    }),
    resume: Flags.string({helpValue: 'FILE', description: 'keep the place in this file, and go on from it'}),
    ...destinationFlags,
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
    const kind = destinationKind(flags)
    const store = await this.openStore(flags)
    if (isTimeline(flags)) return printTimelines(store, flags, {term, signal})
    const isPlan = flags['dry-run']
    const isPaced = Number.isFinite(speed)
    const openOther = () => this.openOther(store, flags)
    const parts = {flags, store, term, signal, isPaced, environment: process.env, openOther}
    // A dry run opens no other log: that might make one.
    const target = isPlan && (kind === 'store' || kind === 'stdout') ? undefined : await openDestination(parts)
    if (target === undefined || isPlan) {
      const plan = await planReplay(store, filter, {speed, limit: flags.limit, signal, look: target?.look})
      const counts = target?.counts?.() ?? {}
      return term.line(flags.json || flags.ndjson ? JSON.stringify({...plan, ...counts}) : planText(plan, counts))
    }
    const request = {...flags, file: flags.resume, log: await store.describe(), to: target.to, flags, filter}
    const place = await resume(request)
    if (place.from) await target.recall?.(store.read(place.filter, {to: place.from, signal}))
    const result = await this.send(store, target, {...place, speed, limit: flags.limit})
    await target.end(result)
  }

  private async send(
    store: EventStore,
    destination: Destination,
    {limit, ...options}: Resumed & {speed: number; limit: number},
  ): Promise<ReplayResult> {
    const {stop: signal, term} = this
    const target = await destination.open()
    const progress = createProgressBeside(term, {unit: 'events'})
    try {
      const total = progress.isShown ? await totalOf(store, options.filter, limit) : undefined
      const onProgress = ({read}: {read: number}) => progress.update(options.sent + read, total)
      return await replayEvents(store, target, {...options, signal, now: pausableClock(), onProgress})
    } finally {
      progress.stop()
      await target.close?.()
    }
  }

  private async openOther(store: EventStore, flags: BaseFlags & {to: string}): Promise<EventStore> {
    const other = await this.openStore({...flags, store: flags.to}, {whenMissing: 'create'})
    assertOtherLog(await store.describe(), await other.describe())
    return other
  }
}
