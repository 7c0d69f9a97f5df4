import {Args} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {type CompletionCommand, completionScript, shells} from '../lib/output/completion.ts'

export default class Completion extends BaseCommand {
  static override summary = 'Print a completion script for your shell'
  static override examples = [
    {description: 'bash, now', command: '$ source <(<%= config.bin %> completion bash)'},
    {description: 'bash, for good', command: `$ echo 'source <(<%= config.bin %> completion bash)' >> ~/.bashrc`},
    {description: 'zsh, for good', command: `$ echo 'source <(<%= config.bin %> completion zsh)' >> ~/.zshrc`},
    {
      description: 'fish, for good',
      command:
        '$ mkdir -p ~/.config/fish/completions && <%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
    },
  ]
  static override usage = '<%= command.id %> SHELL'
  static override args = {shell: Args.string({required: true, options: [...shells], description: 'your shell'})}

  async run(): Promise<void> {
    const {args} = await this.parse(Completion)
    const commands: CompletionCommand[] = this.config.commands
      .filter(({hidden}) => !hidden)
      .map(({id, summary = '', flags}) => ({
        words: id.split(':'),
        summary,
        flags: Object.values(flags).map(({name, description = '', ...flag}) => ({
          name,
          description,
          takesValue: flag.type === 'option',
          options: flag.type === 'option' ? (flag.options ?? []) : [],
        })),
      }))
    await this.term.line(completionScript(args.shell, this.config.bin, commands))
  }
}
