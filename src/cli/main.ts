import {Config, run} from '@oclif/core'
import {ClawError, Exit} from '../lib/errors.ts'
import {nearest} from '../lib/match/nearest.ts'
import {reportError} from './report-error.ts'

/** Runs one command line and leaves the exit code in `process.exitCode`. */
export async function main(argv: string[], root: string): Promise<void> {
  try {
    const config = await Config.load({root, version: undefined})
    // oclif joins `stream init` to `stream:init` by itself, but only for commands that exist.
    if (!knows(config, argv)) throw unknownCommand(config, argv)
    await run(argv, config)
  } catch (error) {
    process.exitCode = reportError(error, {json: argv.includes('--json') || argv.includes('--ndjson')})
  }
  setTimeout(leave, isInterrupted() ? 50 : 1000).unref()
}

function isInterrupted(): boolean {
  return process.exitCode === Exit.interrupted
}

/**
 * A connection to a server that no longer answers must not keep a command alive that is done, nor a reader that takes
 * no more one that was interrupted.
 */
function leave(): void {
  if (process.stdout.writableLength === 0 || isInterrupted()) process.exit()
  setTimeout(leave, 100).unref()
}

function knows(config: Config, argv: string[]): boolean {
  const words = argv.filter((word) => !word.startsWith('-'))
  const [first, second] = words
  if (first === undefined || first === 'help' || argv[0]?.startsWith('-')) return true
  if (config.findCommand(first)) return true
  if (!config.findTopic(first)) return false
  return second === undefined || config.findCommand(`${first}:${second}`) !== undefined
}

function unknownCommand(config: Config, argv: string[]): ClawError {
  const words = argv.filter((word) => !word.startsWith('-'))
  const asked = config.findTopic(words[0] ?? '') ? words.slice(0, 2).join(' ') : (words[0] ?? '')
  const known = config.commands
    .flatMap((command) => [command.id, ...command.aliases])
    .map((id) => id.replaceAll(':', ' '))
  const guess = nearest(asked, known)
  return new ClawError('USAGE', `${asked} is not a command`, {
    exit: Exit.usage,
    suggestions: [
      ...(guess ? [`did you mean \`claw-events ${guess}\`?`] : []),
      '`claw-events --help` lists all commands',
    ],
  })
}
