import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {createProgress} from '../../cli/progress.ts'
import {parseTime} from '../../lib/filter/time.ts'

export default class ContextPreview extends BaseCommand {
  static override summary = 'Show what an agent will remember, before it is injected'
  static override description =
    'Selects from the log what is recent, relevant to the prompt, open and remembered, within a token budget, without a model. Prints the very bytes that the plugin injects.'
  static override examples = [
    {
      description: 'For a question',
      command: "<%= config.bin %> context preview --agent main --prompt 'When is the dentist?'",
    },
    {
      description: 'Every score and reason',
      command: "<%= config.bin %> context preview --prompt 'deploy staging' --why",
    },
    {description: 'What a session got', command: '<%= config.bin %> context preview --injection EVENT_ID'},
  ]
  static override flags = {
    agent: Flags.string({default: 'main', helpValue: 'ID', description: 'whose memory'}),
    session: Flags.string({helpValue: 'KEY', description: 'the session it is for'}),
    prompt: Flags.string({helpValue: 'TEXT', description: 'what the agent is about to answer'}),
    budget: Flags.integer({
      min: 0,
      helpValue: 'N',
      description: 'tokens the text may have [default: as configured, else 2000]',
    }),
    since: Flags.string({helpValue: 'TIME', description: 'only what happened from this time on: 30d, 2026-11-20'}),
    at: Flags.string({helpValue: 'TIME', description: 'as it would have been at this time [default: now]'}),
    'without-session': Flags.string({helpValue: 'ID', description: 'leave out a session that the model sees anyway'}),
    injection: Flags.string({helpValue: 'EVENT_ID', description: 'write a recorded injection again'}),
    why: Flags.boolean({description: 'scores, and what was left out for which reason'}),
    diff: Flags.boolean({description: 'what changed since the session before began'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(ContextPreview)
    const {agent: agentId, injection, 'without-session': withoutSession, session: sessionKey} = flags
    const seen = withoutSession === undefined ? undefined : {sessions: [withoutSession]}
    const now = Date.now()
    const atMs = flags.at === undefined ? now : parseTime(flags.at, now)
    const sinceMs = flags.since === undefined ? undefined : parseTime(flags.since, now)
    const {showContext} = await import('../../lib/wiring/show-context.ts')
    const progress = createProgress(this.term, {unit: 'events indexed'})
    const preview = await showContext(
      {...flags, env: process.env, signal: this.stop, onProgress: (done) => progress.update(done)},
      injection === undefined ? {...flags, agentId, sessionKey, seen, atMs, sinceMs} : {agentId, injection},
    ).finally(() => progress.stop())
    if (flags.json) return this.term.line(JSON.stringify(preview.document))
    const {previewPage} = await import('../../lib/context/page.ts')
    for (const line of previewPage(preview, {...this.term, why: flags.why})) await this.term.line(line)
  }
}
