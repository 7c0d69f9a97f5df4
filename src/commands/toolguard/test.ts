import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {Exit} from '../../lib/errors.ts'
import {junitXml} from '../../lib/guard/junit.ts'
import {caseLines} from '../../lib/output/case-text.ts'

export default class ToolguardTest extends BaseCommand {
  static override summary = 'Run test cases against a policy'
  static override description =
    'Each case has a note, a call and the verdict it wants, or several calls in order, and may say what actions answer. Exit code 3 when a case fails.'
  static override examples = [
    {
      description: 'All cases of a bundle',
      command:
        '<%= config.bin %> toolguard test examples/policies/shell-guard.cases.json --config examples/policies/shell-guard.json',
    },
    {description: 'For a CI system', command: '<%= config.bin %> toolguard test cases.json --junit > results.xml'},
  ]
  static override usage = '<%= command.id %> CASES... [FLAGS]'
  static override args = {
    cases: Args.string({required: true, multiple: true, description: 'files of cases: JSON, JSON5 or YAML'}),
  }
  static override flags = {
    junit: Flags.boolean({helpGroup: 'OUTPUT', description: 'JUnit XML on stdout', exclusive: ['json']}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ToolguardTest)
    const {loadPolicy} = await import('../../lib/wiring/load-policy.ts')
    const {runCaseFiles} = await import('../../lib/wiring/run-cases.ts')
    const where = {config: flags.config, state: flags.state, env: process.env}
    const suites = await runCaseFiles(args.cases, () => loadPolicy(where))
    const results = suites.flatMap(({results}) => results)
    const failed = results.filter(({ok}) => !ok).length
    process.exitCode = failed > 0 ? Exit.no : Exit.done
    if (flags.junit) return this.term.line(junitXml(suites).trimEnd())
    if (flags.json)
      return this.term.line(JSON.stringify({ok: failed === 0, total: results.length, failed, files: suites}))
    for (const line of suites.flatMap((suite) => caseLines(suite, this.term.paint))) await this.term.line(line)
    await this.term.line(`${results.length - failed} passed, ${failed} failed`)
  }
}
