import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {readCallFlags} from '../../cli/call-flags.ts'
import {jsonFlag} from '../../cli/flags.ts'

export default class ToolguardExplain extends BaseCommand {
  static override summary = 'Show step by step how one call is judged'
  static override description =
    'The call is judged by itself, as if the policy were enabled; no action is run. The exit code is 0 whatever the verdict.'
  static override examples = [
    {
      description: 'A command',
      command: "<%= config.bin %> toolguard explain --tool exec --param command='rm -rf /' --config ./policy.json",
    },
    {
      description: 'A captured call',
      command:
        '<%= config.bin %> toolguard explain --call \'{"toolName":"web_fetch","params":{"url":"http://10.0.0.1"}}\'',
    },
  ]
  static override flags = {
    tool: Flags.string({helpValue: 'NAME', description: 'the tool that is called'}),
    param: Flags.string({
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
      description: 'a parameter; a VALUE that is JSON counts as such (repeatable)',
    }),
    call: Flags.string({
      helpValue: 'JSON',
      description: 'the whole call, as in a captured line',
      exclusive: ['tool', 'param'],
    }),
    agent: Flags.string({helpValue: 'ID', description: 'the agent that calls'}),
    session: Flags.string({helpValue: 'KEY', description: 'its session key'}),
    run: Flags.string({helpValue: 'ID', description: 'its run'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(ToolguardExplain)
    const {loadPolicy} = await import('../../lib/wiring/load-policy.ts')
    const {compilePolicy} = await import('../../lib/guard/compile.ts')
    const {explainCall} = await import('../../lib/guard/explain.ts')
    const {explanationLines} = await import('../../lib/output/trace-text.ts')
    const call = readCallFlags(flags)
    const {policy, compileOptions} = await loadPolicy({config: flags.config, state: flags.state, env: process.env})
    const explanation = explainCall(compilePolicy(policy, compileOptions), call, Date.now())
    if (flags.json) return this.term.line(JSON.stringify(explanation))
    for (const line of explanationLines(explanation, this.term.paint)) await this.term.line(line)
  }
}
