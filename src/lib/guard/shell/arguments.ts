import {compileGlob} from '../../match/glob.ts'
import {allOf, anyOf, type Match, No, type Test, Unsure, Yes} from '../condition.ts'
import {mayName} from './file-pattern.ts'
import type {Field, RunCommand} from './shell.ts'
import {isKnown, Made} from './text.ts'

/** A command whose words are ready to be compared: hundreds of rules may ask about each. */
export interface ReadCommand extends RunCommand {
  args: ReadonlyArray<Field & {readonly path: string; readonly isPathKnown: boolean}>
}

export function readCommand(command: RunCommand): ReadCommand {
  const args = command.args.map((field) => {
    const path = normalPath(field.text)
    return {...field, path, isPathKnown: isKnown(path)}
  })
  return {...command, args}
}

/** Whether a command's arguments meet a condition; unsure where that hangs on something not in the line. */
export type ArgumentTest = Test<ReadCommand>

/** Options that mean the same, by program: letters and long names. */
const synonyms: Readonly<Record<string, readonly string[][]>> = {
  rm: [['r', 'R', 'recursive'], ['f', 'force'], ['d', 'dir'], ['i'], ['I', 'interactive'], ['v', 'verbose']],
  cp: [
    ['r', 'R', 'recursive'],
    ['f', 'force'],
    ['a', 'archive'],
  ],
  chmod: [
    ['R', 'recursive'],
    ['f', 'silent', 'quiet'],
  ],
  chown: [
    ['R', 'recursive'],
    ['f', 'silent', 'quiet'],
  ],
  chgrp: [['R', 'recursive']],
  mv: [['f', 'force']],
  ln: [
    ['f', 'force'],
    ['s', 'symbolic'],
  ],
  git: [['f', 'force'], ['n', 'dry-run'], ['d', 'delete'], ['D']],
  docker: [
    ['f', 'force'],
    ['a', 'all'],
    ['v', 'volume', 'volumes'],
  ],
  curl: [
    ['o', 'output'],
    ['k', 'insecure'],
    ['d', 'data'],
    ['T', 'upload-file'],
    ['F', 'form'],
    ['x', 'proxy'],
  ],
  tar: [
    ['x', 'extract', 'get'],
    ['c', 'create'],
    ['f', 'file'],
    ['P', 'absolute-names'],
  ],
  kubectl: [
    ['n', 'namespace'],
    ['f', 'filename'],
    ['A', 'all-namespaces'],
  ],
}

/** Programs whose options have one dash and a whole word. */
const oneDashPrograms =
  /^(?:find|java|javac|openssl|terraform|tofu|ffmpeg|ffprobe|convert|magick|go|gcc|g\+\+|clang|clang\+\+|cc|ld|xrandr|packer|nomad|consul|vault|qemu-.*)$/

/**
 * Compiles one thing that must be among a command's arguments, or a list of which one must be.
 * - `-r`: the option in any spelling, alone (`-r`), in a cluster (`-fr`), with other letters or long names that mean
 *   the same to the program (`-R`, `--recursive`, `--recurs`).
 * - `--recursive`: the same, said by its long name. `-rf`: all of its letters.
 * - anything else: a word, in which `*` stands for any characters. Paths are compared after `.`, `..`, double slashes
 *   and `/*` at the end are taken away, and `$HOME` is `~`.
 */
export function compileArgument(wanted: string | readonly string[]): ArgumentTest {
  if (typeof wanted !== 'string') {
    return anyOf(wanted.map(compileArgument))
  }
  if (/^-[^-\s]{2,}$/.test(wanted)) return letters(wanted)
  return /^--?[^-\s]/.test(wanted) ? option(wanted) : operand(wanted)
}

function letters(wanted: string): ArgumentTest {
  const each = allOf(Array.from(wanted.slice(1), (letter) => option(`-${letter}`)))
  return (command) => {
    if (command.args.some(({text}) => text === wanted)) return Yes
    if (!oneDashPrograms.test(command.program)) return each(command)
    return command.args.some(({text}) => mayBecomeOption(text)) ? Unsure : No
  }
}

function option(wanted: string): ArgumentTest {
  const name = wanted.replace(/^--?/, '')
  return ({program, args}) => {
    const groups = Object.hasOwn(synonyms, program) ? synonyms[program]! : []
    const names = groups.find((group) => group.includes(name)) ?? [name]
    let match: Match = No
    for (const [index, {text, isGlob}] of args.entries()) {
      if (text === '--') break
      // The first word of tar is a cluster without a dash.
      const word = program === 'tar' && index === 0 && /^[a-z]+$/i.test(text) ? `-${text}` : text
      if (!isKnown(word)) {
        if (mayBecomeOption(word)) match = Unsure
      } else if (isSpelling(word, names, wanted)) return Yes
      else if (isGlob && word.startsWith('-')) match = Unsure
    }
    return match
  }
}

function isSpelling(word: string, names: readonly string[], wanted: string): boolean {
  if (word === wanted) return true
  if (word.startsWith('--')) {
    const written = word.slice(2).replace(/=.*$/s, '')
    return written !== '' && names.some((name) => name.length > 1 && name.startsWith(written))
  }
  return word.startsWith('-') && names.some((name) => name.length === 1 && word.includes(name, 1))
}

/** A value from outside is taken for a name, since it nearly always is; one that is computed may be anything. */
function mayBecomeOption(text: string): boolean {
  return text.startsWith(Made) || (text.startsWith('-') && !isKnown(text) && !/^--[\w-]+=/.test(text))
}

function operand(wanted: string): ArgumentTest {
  const pattern = /^[/~.]/.test(wanted) ? normalPath(wanted) : wanted
  const matches = compileGlob(pattern)
  return ({args}) => {
    let match: Match = No
    for (const {text, path, isPathKnown, isGlob} of args) {
      if (!isPathKnown) {
        if (mayMatch(path, pattern)) match = Unsure
      } else if (matches(path) || (text !== path && matches(text)) || (isGlob && mayName(text, pattern))) return Yes
    }
    return match
  }
}

function mayMatch(word: string, pattern: string): boolean {
  const [head, ...others] = word.split(/[\uFDD0-\uFDD2]/)
  const tail = others.at(-1)!
  const [start, ...ends] = pattern.split('*')
  if (ends.length === 0)
    return pattern.startsWith(head!) && pattern.endsWith(tail) && pattern.length >= head!.length + tail.length
  const end = ends.at(-1)!
  return (
    agree(head!, start!, (text, other) => text.startsWith(other)) &&
    agree(tail, end, (text, other) => text.endsWith(other))
  )
}

function agree(a: string, b: string, starts: (text: string, other: string) => boolean): boolean {
  return starts(a, b) || starts(b, a)
}

/** The path without `.`, `..`, double slashes and a `/*` at its end. */
function normalPath(text: string): string {
  if (!/^[/~.]/.test(text)) return text
  const parts: string[] = []
  const [root, ...rest] = text.split('/')
  for (const part of rest) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '' && part !== '.' && !(part === '..' && root === '')) parts.push(part)
  }
  if (/^\*+$/.test(parts.at(-1) ?? '')) parts.pop()
  return parts.length === 0 ? root || '/' : `${root}/${parts.join('/')}`
}
