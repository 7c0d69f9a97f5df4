import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {askForStore} from '../../cli/store-wizard.ts'
import {parseBytes} from '../../lib/config/bytes.ts'
import {eventsDbPath, stateDirectory} from '../../lib/config/state-dir.ts'
import {parseDuration} from '../../lib/filter/time.ts'
import type {StorePlan, StoreSettings} from '../../lib/store/port.ts'

export default class StreamInit extends BaseCommand {
  static override summary = 'Create the event log, or check the one that is there'
  static override description =
    'Safe to run again: an existing log is compared with what is asked for, differences are shown, and nothing is changed without a yes. On a terminal without flags it asks what you want.'
  static override hiddenAliases = ['init-stream']
  static override examples = [
    {description: 'The embedded log, no server needed', command: '<%= config.bin %> stream init'},
    {
      description: 'A stream on a JetStream server',
      command: '<%= config.bin %> stream init --store nats://localhost:4222 --max-age 90d',
    },
    {
      description: "One agent's own stream",
      command: '<%= config.bin %> stream init --store nats://localhost:4222 --agent assistant-one',
    },
    {
      description: 'On a cluster of three',
      command: '<%= config.bin %> stream init --store nats://localhost:4222 --replicas 3',
    },
  ]
  static override flags = {
    agent: Flags.string({helpValue: 'ID', description: "this agent's own stream"}),
    replicas: Flags.integer({min: 1, max: 5, helpValue: 'N', description: 'copies in a cluster'}),
    'max-age': Flags.string({helpValue: 'AGE', description: 'keep events this long (90d); 0: for ever'}),
    'max-bytes': Flags.string({helpValue: 'SIZE', description: 'keep at most this much (10GB); 0: no limit'}),
    immutable: Flags.boolean({allowNo: true, description: 'refuse deletion of single events'}),
    yes: Flags.boolean({char: 'y', description: 'change an existing stream without asking'}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamInit)
    const wizard = this.argv.length === 0 && this.term.interactive
    const store = wizard ? await askForStore(`sqlite:${eventsDbPath(stateDirectory({env: process.env}))}`) : flags.store
    const {retention} = await this.storeSettings({...flags, store})
    const settings: StoreSettings = {
      replicas: flags.replicas,
      maxAgeMs: flags['max-age'] === undefined ? retention.maxAgeMs : ageOf(flags['max-age']),
      maxBytes: flags['max-bytes'] === undefined ? retention.maxBytes : parseBytes(flags['max-bytes']),
      immutable: flags.immutable,
    }
    const admin = await this.openAdmin({...flags, store}, flags)
    const plan = await admin.plan(settings)
    if (plan.exists && plan.changes.length > 0) {
      this.show(plan)
      await this.confirm(`Change stream ${plan.stream}?`, {yes: flags.yes})
    }
    const done = await admin.apply(settings)
    await this.report(plan, done, flags.json)
    if (wizard) this.term.note(`To use it from every command: export CLAW_EVENTS_STORE='${store}'`)
  }

  private show({stream, changes}: StorePlan): void {
    this.term.note(`stream ${stream} is there; asked for:`)
    for (const {field, now, wanted} of changes) this.term.note(`  ${field}: ${now} -> ${wanted}`)
  }

  private async report({exists, changes}: StorePlan, {store, stream, notes}: StorePlan, json: boolean): Promise<void> {
    for (const note of notes) this.term.note(`note: ${note}`)
    const state = {created: !exists, changed: exists && changes.length > 0, unchanged: exists && changes.length === 0}
    if (json) return this.term.line(JSON.stringify({store, stream, ...state}))
    const verb = state.created ? 'created' : state.changed ? 'changed' : 'unchanged'
    await this.term.line(`${verb}: ${stream} at ${store}`)
  }
}

/** Milliseconds; `0` stands for ever. */
function ageOf(text: string): number {
  return text === '0' ? 0 : parseDuration(text)
}
