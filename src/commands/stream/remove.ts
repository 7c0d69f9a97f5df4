import {Flags} from '@oclif/core'
import {BaseCommand} from '../../cli/base-command.ts'
import {jsonFlag} from '../../cli/flags.ts'
import {ClawError, Exit} from '../../lib/errors.ts'

export default class StreamRemove extends BaseCommand {
  static override summary = 'Delete an event log with everything in it'
  static override description = 'Asks for its name first. There is no way back.'
  static override examples = [
    {description: 'Asks for the name', command: '<%= config.bin %> stream remove --store nats://localhost:4222'},
    {
      description: 'In a script',
      command: '<%= config.bin %> stream remove --store nats://localhost:4222 --confirm openclaw-events',
    },
  ]
  static override flags = {
    confirm: Flags.string({helpValue: 'NAME', description: "the stream's name, as stream info shows it"}),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(StreamRemove)
    const admin = await this.openAdmin(flags)
    const {store, stream, exists} = await admin.plan({})
    if (!exists)
      throw new ClawError('STORE_MISSING', `there is no event log ${stream} at ${store}`, {
        suggestions: ['`claw-events stream list` shows which there are'],
      })
    const name = flags.confirm ?? (await this.askName(stream))
    if (name !== stream) {
      throw new ClawError('USAGE', `"${name}" is not its name; nothing was removed`, {
        exit: Exit.usage,
        suggestions: [`its name is ${stream}`],
      })
    }
    await admin.remove()
    await this.term.line(flags.json ? JSON.stringify({store, stream, removed: true}) : `removed: ${stream} at ${store}`)
  }

  private async askName(stream: string): Promise<string> {
    if (!this.term.interactive) {
      throw new ClawError('USAGE', `removing ${stream} must be confirmed by its name`, {
        exit: Exit.usage,
        suggestions: [`add --confirm ${stream}`],
      })
    }
    const {createPromptModule} = (await import('inquirer')).default
    const {name} = await createPromptModule({output: process.stderr})([
      {type: 'input', name: 'name', message: `All events of ${stream} will be gone. Its name to go on:`},
    ])
    return name
  }
}
