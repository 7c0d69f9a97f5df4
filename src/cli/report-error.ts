import {ClawError, Exit, messageOf} from '../lib/errors.ts'
import {nearest} from '../lib/match/nearest.ts'
import {printable} from '../lib/output/printable.ts'

/** What oclif throws: `oclif.exit` is the code it wants; EEXIT is a plain `this.exit()`. */
interface OclifError extends Error {
  code?: string
  oclif?: {exit?: number}
  /** The unknown flags, and what the command knows, of a parser's error. */
  flags?: unknown
  parse?: {input?: {flags?: Record<string, unknown>}}
}

/**
 * Says once what went wrong: for people on stderr, and under `--json` or `--ndjson` as one document on stdout.
 * Returns the exit code. A stack is shown only under DEBUG, since it helps nobody who just mistyped a flag.
 */
export function reportError(thrown: unknown, {json}: {json: boolean}): number {
  if (isOclifError(thrown) && thrown.code === 'EEXIT') return thrown.oclif?.exit ?? Exit.done
  const error = withoutPasswords(toClawError(thrown))
  const lines = [`Error: ${printable(error.message, {newlines: true})}`, `Code: ${error.code}`]
  for (const suggestion of error.suggestions) lines.push(`Try this: ${printable(suggestion)}`)
  if (process.env.DEBUG) lines.push(...stacksOf(thrown))
  process.stderr.write(`${lines.join('\n')}\n`)
  if (json) {
    const {code, message, suggestions} = error
    process.stdout.write(`${JSON.stringify({error: {code, message, ...(suggestions.length > 0 && {suggestions})}})}\n`)
  }
  return error.exit
}

/** Wherever a store URL was mistyped into, its password is not repeated. */
function withoutPasswords(error: ClawError): ClawError {
  const message = error.message.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)(?!\*{3}@)[^\s@]*@/gi, '$1***@')
  const {code, suggestions, exit, cause} = error
  return message === error.message ? error : new ClawError(code, message, {suggestions, exit, cause})
}

function toClawError(thrown: unknown): ClawError {
  if (thrown instanceof ClawError) return thrown
  if (isOclifError(thrown) && thrown.oclif !== undefined) {
    // oclif's own words for wrong usage; the last line is a hint that we give in our own form.
    const message = thrown.message
      .replace(/\nSee more help with --help$/, '')
      .replace(/^The following errors? occurred:\n\s*/, '')
      .replaceAll(/\s*\n\t/g, ': ')
      .replaceAll(/^(\s*--[\w-]+)=true cannot/gm, '$1 cannot')
    const suggestions = [...flagsMeant(thrown), 'add --help to see what it takes']
    return new ClawError('USAGE', message, {exit: Exit.usage, suggestions, cause: thrown})
  }
  return new ClawError('FAILED', messageOf(thrown), {
    suggestions: ['run it again with DEBUG=* to see where it failed, and report it if it looks like our fault'],
    cause: thrown,
  })
}

function flagsMeant({flags, parse}: OclifError): string[] {
  if (!Array.isArray(flags)) return []
  const known = Object.keys(parse?.input?.flags ?? {})
  return flags.flatMap((flag) => {
    const meant = nearest(
      String(flag)
        .replace(/^--?(no-)?/, '')
        .replace(/=.*$/, ''),
      known,
    )
    return meant ? [`did you mean --${meant}?`] : []
  })
}

function isOclifError(thrown: unknown): thrown is OclifError {
  return thrown instanceof Error && 'oclif' in thrown
}

function stacksOf(thrown: unknown): string[] {
  const stacks: string[] = []
  for (let error = thrown; error instanceof Error; error = error.cause) stacks.push(error.stack ?? error.message)
  return stacks
}
