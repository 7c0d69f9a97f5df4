import {Args} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {jsonFlag} from '../cli/flags.ts'
import {openInput} from '../cli/open-input.ts'
import {createProgress} from '../cli/progress.ts'
import {Exit} from '../lib/errors.ts'
import {checkManifest} from '../lib/import/check-manifest.ts'
import {type ImportResult, importEvents} from '../lib/import/import.ts'
import {counted} from '../lib/output/counted.ts'

export default class Import extends BaseCommand {
  static override summary = 'Take in events from a file, of any dialect'
  static override description =
    "Reads one JSON object a line, or a JSON array, plain or compressed by gzip or zstd: our own events, the event-server plugin's log, OpenClawEvents, agent events, CloudEvents, and the NATS event-store plugins' lines. An event that the log already holds is not stored again. A file with a manifest beside it, as export makes it, is compared with that first."
  static override examples = [
    {
      description: "The event-server plugin's log",
      command: '<%= config.bin %> import ~/.openclaw/.event-server/events.ndjson',
    },
    {
      description: 'A backup, checked against its manifest, into a cluster',
      command: '<%= config.bin %> import backup.ndjson.zst --store nats://localhost:4222',
    },
  ]
  static override usage = '<%= command.id %> FILE [FLAGS]'
  static override args = {file: Args.string({required: true, description: 'a file of events; - for standard input'})}
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Import)
    const {file} = args
    if (file !== '-') await this.check(file)
    const store = await this.openStore(flags, {whenMissing: 'create'})
    const progress = createProgress(this.term, {unit: 'lines'})
    const result = await importEvents(openInput(file), {
      store,
      from: file,
      now: Date.now,
      signal: this.stop,
      onProgress: ({read}) => progress.update(read),
    }).finally(() => progress.stop())
    if (result.failedLines > 0 || result.conflictingLines) process.exitCode = Exit.failed
    if (flags.json) return this.term.outcome(JSON.stringify(result))
    for (const {line, reason} of result.failed) this.term.note(`line ${line}: ${reason}`)
    for (const {line, eventId} of result.conflicts ?? [])
      this.term.note(`line ${line}: the log holds event ${eventId} with other content`)
    if (result.conflicts === null)
      this.term.note('whether events that were already there are the same is not known: this store finds them by id')
    this.term.outcome(summaryOf(result))
  }

  private async check(file: string): Promise<void> {
    const progress = createProgress(this.term, {unit: 'bytes checked'})
    await checkManifest(file, {
      open: () => openInput(file),
      signal: this.stop,
      onProgress: ({bytes, total}) => progress.update(bytes, total),
    }).finally(() => progress.stop())
  }
}

function summaryOf({read, appended, duplicates, conflictingLines, failedLines, interrupted}: ImportResult): string {
  const conflicts = conflictingLines ? ` (${conflictingLines} with other content)` : ''
  const end = interrupted ? '; interrupted before the end' : ''
  return `${counted(read, 'line')}: ${counted(appended, 'event')} added, ${duplicates} already there${conflicts}, ${failedLines} failed${end}`
}
