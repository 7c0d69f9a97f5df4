import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {jsonFlag, ndjsonFlag} from '../cli/flags.ts'
import type {AgentTree} from '../lib/capture/agent-tree.ts'
import {watchStatus} from '../lib/capture/watch-status.ts'
import {ClawError, Exit} from '../lib/errors.ts'
import {parseTime} from '../lib/filter/time.ts'
import {agentTreeLines} from '../lib/output/agent-tree-text.ts'

export default class Status extends BaseCommand {
  static override summary = 'What every agent is doing'
  static override description =
    'Agents and their subagents as a tree: working, idle, sleeping, offline or in error, since when, and with which tool, as the log tells it.'
  static override examples = [
    {description: 'Now', command: '<%= config.bin %> status'},
    {description: 'Live', command: '<%= config.bin %> status --watch'},
    {description: 'For another program, once and live', command: '<%= config.bin %> status --json'},
    {description: 'A line whenever something changed', command: '<%= config.bin %> status --watch --ndjson'},
  ]
  static override flags = {
    watch: Flags.boolean({char: 'w', description: 'keep it up to date until Ctrl-C'}),
    since: Flags.string({default: '24h', helpValue: 'TIME', description: 'agents that were heard of since'}),
    ...jsonFlag,
    ...ndjsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Status)
    if (flags.watch && flags.json) throw refused('--json is one document; add --ndjson to --watch instead')
    const {config, state} = flags
    const {loadConfig} = await import('../lib/config/load.ts')
    const {status: windows} = (await loadConfig({config, state, env: process.env})).config
    const store = await this.openStore(flags)
    const since = parseTime(flags.since, Date.now())
    const trees = watchStatus(store, {windows, since, now: Date.now, everyMs: 1000, signal: this.stop})
    let before = ''
    for await (const tree of trees) {
      if (!flags.watch) return this.print(tree, flags)
      const now = flags.ndjson ? JSON.stringify(tree) : this.linesOf(tree).join('\n')
      if (flags.ndjson && now !== before) await this.term.line(now)
      else if (!flags.ndjson && now !== before) await this.redraw(now, before)
      before = now
    }
  }

  private async print(tree: AgentTree, {json, ndjson}: {json?: boolean; ndjson?: boolean}): Promise<void> {
    if (json || ndjson) return this.term.line(JSON.stringify(tree))
    for (const line of this.linesOf(tree)) await this.term.line(line)
  }

  private linesOf({agents}: AgentTree): string[] {
    if (agents.length === 0) return ['no agent was heard of in this time']
    return agentTreeLines(agents, Date.now(), this.term.paint)
  }

  /** Over what was shown before; in a pipe below it. */
  private async redraw(text: string, before: string): Promise<void> {
    const isScreen = this.term.width !== undefined
    const up = isScreen && before !== '' ? `\u001b[${before.split('\n').length}A\u001b[0J` : ''
    await this.term.line(`${up}${text}`)
  }
}

function refused(message: string): ClawError {
  return new ClawError('USAGE', message, {exit: Exit.usage})
}
