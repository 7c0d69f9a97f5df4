import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {jsonFlag} from '../cli/flags.ts'
import {ClawError, Exit, messageOf} from '../lib/errors.ts'
import {makeEvent} from '../lib/event/make.ts'

export default class Emit extends BaseCommand {
  static override summary = 'Record one event of your own'
  static override examples = [
    {
      description: 'A deployment',
      command: `<%= config.bin %> emit --type deploy.finished --data '{"version":"1.4.2"}'`,
    },
    {
      description: 'Something an agent should remember',
      command: `<%= config.bin %> emit --type note.added --agent main --data '{"text":"The staging key moved"}'`,
    },
  ]
  static override flags = {
    type: Flags.string({required: true, description: 'dotted, lower case: deploy.finished'}),
    data: Flags.string({default: '{}', helpValue: 'JSON', description: 'the payload, a JSON object'}),
    agent: Flags.string({default: 'system', helpValue: 'ID', description: 'the agent it belongs to'}),
    session: Flags.string({helpValue: 'KEY', description: 'session key'}),
    run: Flags.string({helpValue: 'ID', description: 'run id'}),
    visibility: Flags.option({
      options: ['internal', 'public', 'confidential'] as const,
      default: 'internal' as const,
      description: 'who may see it',
    })(),
    ...jsonFlag,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Emit)
    const event = makeEvent({
      type: flags.type,
      agentId: flags.agent,
      source: 'cli',
      data: parseData(flags.data),
      sessionKey: flags.session,
      runId: flags.run,
      visibility: flags.visibility,
    })
    const store = await this.openStore(flags, {whenMissing: 'create'})
    await store.append([event])
    await this.term.line(flags.json ? JSON.stringify({event}) : event.eventId)
  }
}

function parseData(text: string): Record<string, unknown> {
  const fault = (why: string) =>
    new ClawError('INPUT_INVALID', `--data is not a JSON object: ${why}`, {
      exit: Exit.usage,
      suggestions: [`quote it: --data '{"text":"hello"}'`],
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw fault(messageOf(error))
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw fault(`found ${Array.isArray(value) ? 'an array' : String(value)}`)
  return value as Record<string, unknown>
}
