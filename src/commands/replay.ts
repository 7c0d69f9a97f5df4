import {Flags} from '@oclif/core'
import {BaseCommand, type BaseFlags} from '../cli/base-command.ts'
import {filterFlags, jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import {formatFlag, printEvents} from '../cli/print-events.ts'
import {createProgress} from '../cli/progress.ts'
import {ClawError, Exit} from '../lib/errors.ts'
import {parseFilter} from '../lib/filter/parse.ts'
import {copyEvents} from '../lib/replay/copy.ts'
import {paced, parseSpeed, speedForms} from '../lib/replay/pace.ts'
import {isSameLog} from '../lib/replay/same-log.ts'
import type {EventStore} from '../lib/store/port.ts'

export default class Replay extends BaseCommand {
  static override summary = 'Send stored events again, in log order'
  static override description =
    'To the screen or a pipe, as fast or as slowly as they happened, or into another event log.'
  static override examples = [
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
      default: 'max',
      helpValue: '1x|10x|max',
      description: 'how many times faster than it happened',
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
    ...jsonFlag,
    ...ndjsonFlag,
    ...formatFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Replay)
    const filter = parseFilter(flags, Date.now())
    const speed = parseSpeed(flags.speed)
    if (speed === undefined)
      throw new ClawError('USAGE', `--speed takes ${speedForms}, not "${flags.speed}"`, {exit: Exit.usage})
    const store = await this.openStore(flags)
    const events = paced(store.read(filter, {limit: flags.limit, signal: this.stop}), {speed, signal: this.stop})
    if (flags.to === 'stdout') {
      await printEvents(events, flags, this.term)
      return
    }
    const target = await this.openTarget(store, flags)
    const progress = createProgress(this.term, {unit: 'events'})
    const onProgress = ({read}: {read: number}) => progress.update(read)
    const result = await copyEvents(events, target, {paced: speed !== Number.POSITIVE_INFINITY, onProgress}).finally(
      () => progress.stop(),
    )
    const text = `${result.read} events: ${result.appended} added, ${result.duplicates} already there`
    await this.term.line(flags.json || flags.ndjson ? JSON.stringify(result) : text)
  }

  private async openTarget(store: EventStore, flags: BaseFlags & {to: string}): Promise<EventStore> {
    const target = await this.openStore({...flags, store: flags.to}, {whenMissing: 'create'})
    if (!isSameLog(await store.describe(), await target.describe())) return target
    throw new ClawError('USAGE', '--to names the very log that is read from', {
      exit: Exit.usage,
      suggestions: ['name another log'],
    })
  }
}
