import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import {createProgress, type Progress} from '../cli/progress.ts'
import {recordTranscripts} from '../cli/record-transcripts.ts'
import {Exit} from '../lib/errors.ts'
import type {ClawEvent} from '../lib/event/envelope.ts'
import {type MigrateResult, migrateWorkspaces} from '../lib/migrate/migrate.ts'
import {type Removals, removalsText, tooManyRemovals} from '../lib/migrate/removals.ts'
import {agentWorkspaces} from '../lib/openclaw/workspaces.ts'
import {counted} from '../lib/output/counted.ts'
import {eventLine} from '../lib/output/event-line.ts'

export default class Migrate extends BaseCommand {
  static override summary = "Turn an agent's memory files, or OpenClaw's transcripts, into events"
  static override description =
    "Reads memory/*.md, MEMORY.md and life/areas/**: one event per file and one per section. Running it again adds only what changed, however it was interrupted. The files are never touched. With --transcripts: the messages and tool calls of OpenClaw's own transcripts, joined with what was recorded as it happened."
  static override examples = [
    {description: "The configured agents' workspaces", command: '<%= config.bin %> migrate'},
    {
      description: 'See first what would be written',
      command: '<%= config.bin %> migrate --workspace ~/notes --agent main --dry-run',
    },
    {description: 'History from before the plugin was there', command: '<%= config.bin %> migrate --transcripts'},
    {description: 'Into a cluster', command: '<%= config.bin %> migrate --store nats://localhost:4222'},
  ]
  static override flags = {
    workspace: Flags.string({
      helpValue: 'DIR',
      description: "the agent's workspace [default: as OpenClaw is configured]",
    }),
    agent: Flags.string({helpValue: 'ID', description: 'whose memory it is [default: main, or as configured]'}),
    transcripts: Flags.boolean({
      exclusive: ['workspace'],
      description: "instead: what OpenClaw's transcripts tell and the log does not have",
    }),
    'dry-run': Flags.boolean({description: 'print what would be written and write nothing'}),
    'allow-removals': Flags.boolean({description: 'record most of a memory as removed without asking'}),
    ...jsonFlag,
    ...ndjsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Migrate)
    const {'dry-run': dryRun, 'allow-removals': isAllowed} = flags
    const printPlanned = (event: ClawEvent) => this.printPlanned(event, flags.ndjson)
    const workspaces = flags.transcripts ? [] : await agentWorkspaces({...flags, env: process.env})
    const store = await this.openStore(flags, {whenMissing: dryRun ? 'empty' : 'create'})
    const admin = await this.openAdmin(flags)
    const lock = () => admin.lock('migrate')
    if (flags.transcripts)
      return recordTranscripts(flags, {store, lock, term: this.term, signal: this.stop, printPlanned})
    let progress: Progress | undefined
    const result = await migrateWorkspaces(workspaces, {
      store,
      lock,
      dryRun,
      now: Date.now,
      signal: this.stop,
      confirmRemovals: (removals) => this.confirmRemovals(removals, {dryRun, isAllowed}),
      onEvent: dryRun && !flags.json ? printPlanned : undefined,
      onProgress: ({filesDone, filesTotal}) => {
        // Not before somebody has answered.
        progress ??= createProgress(this.term, {unit: 'files'})
        progress.update(filesDone, filesTotal)
      },
    }).finally(() => progress?.stop())
    if (result.failed.length > 0) process.exitCode = Exit.failed
    if (flags.json) return this.term.line(JSON.stringify(result))
    for (const {path, reason} of result.failed) this.term.note(`failed: ${path}: ${reason}`)
    if (!flags.ndjson) await this.term.line(summaryOf(result, dryRun))
  }

  /** A wrong or an empty folder looks like a memory of which all is gone. */
  private async confirmRemovals(
    removals: Removals,
    {dryRun, isAllowed}: {dryRun: boolean; isAllowed: boolean},
  ): Promise<void> {
    if (isAllowed) return
    const text = removalsText(removals)
    if (dryRun) return this.term.note(`${text}: a run would ask, or need --allow-removals, before it records that`)
    if (!this.term.interactive) throw tooManyRemovals(removals)
    await this.confirm(`${text}. Record them as removed?`, {yes: false, flag: '--allow-removals'})
  }

  private printPlanned(event: ClawEvent, ndjson: boolean): Promise<void> {
    return this.term.line(ndjson ? JSON.stringify(event) : eventLine(event, this.term))
  }
}

function summaryOf({files, events, appended, duplicates, superseded, failed}: MigrateResult, dryRun: boolean): string {
  const added = dryRun ? `${appended} would be added` : `${appended} added`
  return `${counted(files, 'file')}, ${counted(events, 'event')}: ${added}, ${duplicates} already there, ${superseded} superseded, ${counted(failed.length, 'file')} failed`
}
