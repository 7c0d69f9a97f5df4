import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {Exit} from '../../lib/errors.ts'
import {findingLines} from '../../lib/output/finding-text.ts'

export default class ToolguardCheck extends BaseCommand {
  static override summary = 'Find what is wrong with a policy'
  static override description =
    'Faults of the file (exit code 2), and what was probably not meant (exit code 3): rules that are never reached, an allow above a block, lists and paths that can never match, patterns on raw URLs, settings that do not go together. Notes do not count.'
  static override examples = [
    {description: 'The policy in force', command: '<%= config.bin %> toolguard check'},
    {description: 'A file', command: '<%= config.bin %> toolguard check ./policy.json'},
  ]
  static override usage = '<%= command.id %> [FILE] [FLAGS]'
  static override args = {file: Args.string({description: 'a policy; default: --config, else what is configured'})}
  static override flags = {
    strict: Flags.boolean({description: 'exit code 3 for notes, too'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ToolguardCheck)
    const {loadPolicy} = await import('../../lib/wiring/load-policy.ts')
    const {checkPolicy} = await import('../../lib/guard/check/check.ts')
    const {policy} = await loadPolicy({config: args.file ?? flags.config, state: flags.state, env: process.env})
    const findings = checkPolicy(policy)
    const counted = findings.filter(({severity}) => flags.strict || severity !== 'note')
    process.exitCode = counted.length > 0 ? Exit.no : Exit.done
    const rules = policy.toolGuard.rules.length
    if (flags.json) return this.term.line(JSON.stringify({ok: counted.length === 0, rules, findings}))
    for (const line of findings.flatMap((finding) => findingLines(finding, this.term.paint))) await this.term.line(line)
    if (counted.length === 0) await this.term.line(`${rules} ${rules === 1 ? 'rule' : 'rules'}, nothing wrong`)
  }
}
