import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag, ndjsonFlag} from '../../cli/flags.ts'
import {openInput} from '../../cli/open-input.ts'
import {replayExit, replayNotes} from '../../cli/replay-outcome.ts'

export default class ToolguardReplay extends BaseCommand {
  static override summary = 'Judge captured tool calls by a policy'
  static override description =
    'Shows what the policy would have done, call by call, at the time each call was made. Nothing is blocked and no action is run (--run-actions runs them). CALLS is a JSON array or NDJSON of call objects or stored tool.called events.'
  static override examples = [
    {
      description: 'A policy before it is switched on',
      command: '<%= config.bin %> toolguard replay examples/calls.ndjson --config ./policy.json',
    },
    {
      description: 'Calls from the log',
      command: '<%= config.bin %> query --type tool.called --ndjson --limit 0 | <%= config.bin %> toolguard replay -',
    },
    {
      description: 'What changes against the policy of yesterday',
      command: '<%= config.bin %> toolguard replay calls.ndjson --config new.json --against old.json',
    },
  ]
  static override usage = '<%= command.id %> CALLS [FLAGS]'
  static override args = {calls: Args.string({required: true, description: 'a file of calls; - for standard input'})}
  static override flags = {
    against: Flags.string({
      helpValue: 'FILE',
      description: 'only calls that this older policy judges differently, and why',
    }),
    'as-enabled': Flags.boolean({description: 'judge as if the policy were enabled and not in dry run'}),
    'run-actions': Flags.boolean({description: 'run the scripts and webhooks that rules ask'}),
    trace: Flags.boolean({description: 'every rule and condition of every call'}),
    'fail-on': Flags.option({
      options: ['block', 'change', 'error'] as const,
      multiple: true,
      multipleNonGreedy: true,
      description: 'exit code 3 when a call is blocked, judged differently, or not readable',
    })(),
    ...jsonFlag,
    ...ndjsonFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ToolguardReplay)
    const {actionsOf, loadPolicy, replaySide} = await import('../../lib/wiring/load-policy.ts')
    const {createReplayRun} = await import('../../lib/guard/replay-run.ts')
    const {createReplayPrinter} = await import('../../cli/print-replay.ts')
    const where = {state: flags.state, env: process.env}
    const loaded = await loadPolicy({...where, config: flags.config})
    const old = flags.against === undefined ? undefined : await loadPolicy({...where, config: flags.against})
    const run = createReplayRun(replaySide(loaded), {
      against: old && replaySide(old),
      asEnabled: flags['as-enabled'],
      runAction: flags['run-actions'] ? await actionsOf(loaded, process.env) : undefined,
      trace: flags.trace,
    })
    for (const note of replayNotes(loaded.policy, flags)) this.term.note(note)
    const printer = createReplayPrinter(flags, this.term)
    await printer.start(old !== undefined)
    await run.judge(openInput(args.calls), printer)
    const changes = run.changes()
    await (changes === undefined ? printer.end(run.summary()) : printer.changes(changes))
    process.exitCode = replayExit({summary: run.summary(), changed: changes?.summary.changed}, flags['fail-on'])
  }
}
