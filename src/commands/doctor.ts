import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {jsonFlag} from '../cli/flags.ts'
import {Exit} from '../lib/errors.ts'
import {parseTime} from '../lib/filter/time.ts'

export default class Doctor extends BaseCommand {
  static override summary = 'Check everything between the agents and the log'
  static override description =
    "Node, configuration, whether OpenClaw really loads the plugin and what it lets it do, the store and what it survives, what sinks have not delivered, and whether every tool call of OpenClaw's own transcripts is in the log. Exit code 3 when something needs you."
  static override examples = [
    {description: 'Look', command: '<%= config.bin %> doctor'},
    {description: 'For a monitor', command: "<%= config.bin %> doctor --json | jq '.checks[] | select(.ok | not)'"},
    {description: 'Hold a month of transcripts against the log', command: '<%= config.bin %> doctor --since 30d'},
  ]
  static override flags = {
    since: Flags.string({default: '7d', helpValue: 'TIME', description: 'how far back transcripts are looked at'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Doctor)
    const {store, config, state} = flags
    const {runDoctor} = await import('../lib/wiring/run-doctor.ts')
    const diagnosis = await runDoctor({
      store,
      config,
      state,
      env: process.env,
      nodeVersion: process.version,
      isAlive,
      now: Date.now(),
      since: parseTime(flags.since, Date.now()),
      signal: this.stop,
    })
    process.exitCode = diagnosis.ok ? Exit.done : Exit.no
    if (flags.json) return this.term.line(JSON.stringify(diagnosis))
    const {checkLines} = await import('../lib/output/check-text.ts')
    for (const line of checkLines(diagnosis.checks, this.term.paint)) await this.term.line(line)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
