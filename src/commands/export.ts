import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {filterFlags, jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import {createProgress, createProgressBeside} from '../cli/progress.ts'
import {ClawError, Exit} from '../lib/errors.ts'
import {type ExportOptions, type ExportTally, exportEvents, exportFormats} from '../lib/export/export.ts'
import {continuation, positionAfter, readPrevious} from '../lib/export/previous.ts'
import {exportToFile} from '../lib/export/to-file.ts'
import {parseFilter} from '../lib/filter/parse.ts'
import {counted} from '../lib/output/counted.ts'

export default class Export extends BaseCommand {
  static override summary = 'Write stored events to a file, one JSON object a line'
  static override description =
    'The file appears as a whole or not at all, compressed by its name (.gz, .zst), with a manifest beside it: counts, positions, checksums. Without a file, or for -, the lines go to stdout.'
  static override examples = [
    {description: 'A backup', command: '<%= config.bin %> export backup.ndjson.zst'},
    {
      description: 'What came since, for the next file',
      command: '<%= config.bin %> export more.ndjson.zst --since-export backup.ndjson.zst',
    },
    {
      description: 'Yesterday as OpenTelemetry traces',
      command: '<%= config.bin %> export traces.jsonl --format otlp --since 1d',
    },
  ]
  static override usage = '<%= command.id %> [FILE] [FLAGS]'
  static override args = {file: Args.string({description: 'where to; - or nothing: stdout'})}
  static override flags = {
    ...filterFlags,
    format: Flags.option({
      options: exportFormats,
      helpGroup: 'OUTPUT',
      description: 'shape of the lines: events in a view, or OpenTelemetry traces, a run a line [default: claw]',
    })(),
    'since-export': Flags.string({
      helpValue: 'FILE',
      description: 'go on after this earlier export, with its filters and format',
    }),
    'with-content': Flags.boolean({description: 'in otlp: params, results and messages, too'}),
    ...jsonFlag,
    ...ndjsonFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Export)
    const file = args.file === '-' ? undefined : args.file
    if (flags.json && file === undefined) throw needsFile()
    const since = flags['since-export']
    const wanted = {filter: parseFilter(flags, Date.now()), format: flags.format}
    const previous = since === undefined ? undefined : await readPrevious(since)
    const asked = previous ? continuation(previous, wanted) : {...wanted, format: wanted.format ?? 'claw'}
    const store = await this.openStore(flags)
    const show = file === undefined ? createProgressBeside : createProgress
    const progress = show(this.term, {unit: 'events'})
    const options: ExportOptions = {
      ...asked,
      after: previous && (await positionAfter(store, previous)),
      withContent: flags['with-content'],
      signal: this.stop,
      onProgress: ({events, total}) => progress.update(events, total),
    }
    const done = await (file === undefined
      ? exportEvents(store, (text) => this.term.line(text), options)
      : exportToFile(store, file, {...options, since, now: Date.now})
    ).finally(() => progress.stop())
    this.tellLosses(done)
    if (file === undefined) return
    const summary = JSON.stringify({file, ...done})
    await this.term.line(flags.json || flags.ndjson ? summary : summaryOf(file, done))
  }

  private tellLosses({lost, lostEvents}: ExportTally): void {
    if (lostEvents === 0) return
    process.exitCode = Exit.failed
    for (const {first, last, events, reason} of lost)
      this.term.note(`lost: ${counted(events, 'event')}, ${first === last ? first : `${first} to ${last}`}: ${reason}`)
    this.term.note(`${counted(lostEvents, 'event')} could not be read; all others were exported`)
  }
}

function summaryOf(file: string, {count, lines, format}: ExportTally & {format?: string}): string {
  const what =
    format === 'otlp' ? `${counted(count, 'event')} as traces of ${counted(lines, 'run')}` : counted(count, 'event')
  return `${what} written to ${file}`
}

function needsFile(): ClawError {
  return new ClawError('USAGE', '--json tells of a file, and the events go to stdout', {
    exit: Exit.usage,
    suggestions: ['name a file, or leave --json out: the events are JSON already'],
  })
}
