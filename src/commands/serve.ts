import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'

export default class Serve extends BaseCommand {
  static override summary = 'Deliver events: WebSocket, webhooks, event log, bridge'
  static override description =
    'Runs the configured sinks on any store, without OpenClaw. In one state directory one process runs them: while a gateway or another serve does, this one waits and takes over within seconds when that ends. Each sink goes on where it stopped.'
  static override examples = [
    {description: 'What the configuration asks for, on the configured log', command: '<%= config.bin %> serve'},
    {
      description: 'A WebSocket for a JetStream log, with a configuration of its own',
      command: '<%= config.bin %> serve --store nats://127.0.0.1:4222 --config ./serve.json',
    },
    {description: 'New sinks begin with the first event of the log', command: '<%= config.bin %> serve --from-start'},
  ]
  static override flags = {
    'from-start': Flags.boolean({description: 'sinks without a place yet begin at the start of the log, not now'}),
    quiet: Flags.boolean({char: 'q', description: 'say only what goes wrong'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Serve)
    const {config, state, quiet} = flags
    const {serve} = await import('../lib/wiring/serve.ts')
    const say = (message: string) => this.term.note(message)
    const diagnostics = {debug: () => undefined, info: quiet ? () => undefined : say, warn: say, error: say}
    await serve({
      location: await this.storeSettings(flags),
      source: {config, state, env: process.env},
      startAt: flags['from-start'] ? 'start' : 'now',
      environment: process.env,
      now: Date.now,
      diagnostics,
      signal: this.stop,
    })
  }
}
