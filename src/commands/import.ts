import {Args} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {jsonFlag} from '../cli/flags.ts'
import {openInput} from '../cli/open-input.ts'
import {createProgress} from '../cli/progress.ts'
import {Exit} from '../lib/errors.ts'
import {importEvents} from '../lib/import/import.ts'

export default class Import extends BaseCommand {
  static override summary = 'Take in events from a file, of any dialect'
  static override description =
    "Reads one JSON object a line, or a JSON array: our own events, the event-server plugin's log, OpenClawEvents, agent events, and the NATS event-store plugins' lines. An event that the log already holds is not stored again."
  static override examples = [
    {
      description: "The event-server plugin's log",
      command: '<%= config.bin %> import ~/.openclaw/.event-server/events.ndjson',
    },
    {
      description: 'From a pipe into a cluster',
      command: 'zcat old.ndjson.gz | <%= config.bin %> import - --store nats://localhost:4222',
    },
  ]
  static override usage = '<%= command.id %> FILE [FLAGS]'
  static override args = {file: Args.string({required: true, description: 'a file of events; - for standard input'})}
  static override flags = {...jsonFlag}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Import)
    const store = await this.openStore(flags, {whenMissing: 'create'})
    const progress = createProgress(this.term, {unit: 'lines'})
    const result = await importEvents(openInput(args.file), {
      store,
      from: args.file,
      now: Date.now,
      signal: this.stop,
      onProgress: ({read}) => progress.update(read),
    }).finally(() => progress.stop())
    if (result.failedLines > 0) process.exitCode = Exit.failed
    if (flags.json) return this.term.line(JSON.stringify(result))
    for (const {line, reason} of result.failed) this.term.note(`line ${line}: ${reason}`)
    await this.term.line(
      `${result.read} lines: ${result.appended} events added, ${result.duplicates} already there, ${result.failedLines} failed`,
    )
  }
}
