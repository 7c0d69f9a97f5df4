import {compilePath} from '../match/paths.ts'
import {type Condition, No, type Subject, spend, Unsure, Yes} from './condition.ts'
import type {ShellCondition} from './schema.ts'

/** Says of one command line whether it runs what the condition names, and whether it was understood at all. */
export type ShellMatcher = (commandLine: string) => {matched: boolean; understood: boolean; why?: string}
export type CompileShell = (condition: ShellCondition) => ShellMatcher

const defaultPath = 'data.params.command'

/** A command line that cannot be understood is unsure: a rule that blocks takes that for a match. */
export function shellCondition(condition: ShellCondition, compileShell: CompileShell | undefined): Condition {
  if (compileShell === undefined) throw new Error('a rule with when.shell was compiled without the shell parser')
  const path = condition.path ?? defaultPath
  const read = compilePath(path)
  const match = compileShell(condition)
  const test = (subject: Subject) => {
    const line = commandLine(read(subject.event))
    if (line === undefined) return No
    spend(subject, line.length)
    const {matched, understood, why} = match(line)
    if (matched) return Yes
    if (understood) return No
    subject.doubt ??= 'shell'
    subject.doubtDetail = why
    return Unsure
  }
  return {name: 'shell', path, expected: condition, found: read, test}
}

/** A list of words is a command line whose words need no further splitting. */
function commandLine(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || !value.every((word) => typeof word === 'string')) return undefined
  return value.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
}
