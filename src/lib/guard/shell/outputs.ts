import {type Call, passedOn, type Runner, someOutput} from './call.ts'
import {baseName, contentOf, isProgramPath, isStandardInput, isWritten, noteOptionName, write} from './files.ts'
import {type OptionSpec, readOptions} from './options.ts'
import type {Field, Shell} from './shell.ts'
import {isKnown, join, Made, Outside, plain, type Text} from './text.ts'

/** Programs whose output can be told from the line, and that write what they read to files. */
export const printers: Readonly<Record<string, Runner>> = {
  echo: (_shell, call) => {
    const flags = /^-[neE]+$/
    const count = call.args.findIndex(({text}) => !flags.test(text))
    const isEscaped = call.args.slice(0, Math.max(0, count)).some(({text}) => text.includes('e'))
    const words = join(call.args.slice(Math.max(0, count)), ' ').text
    if (isEscaped) return passedOn(`${readEscapes(words)}\n`, call)
    // Some shells' echo reads escapes without being told to.
    return passedOn(/\\0?[0-7x]/.test(words) ? Made : `${words}\n`, call)
  },
  printf: (_shell, call) => passedOn(formatted(call.args.filter(({text}, index) => index > 0 || text !== '--')), call),
  cat: (shell, call) => fileContents(shell, call, readOptions(call.args, {permute: true}).operands),
  tac: (shell, call) => fileContents(shell, call, readOptions(call.args, {permute: true, short: 's'}).operands),
  base64: decoder((text, flags) =>
    flags.has('d') || flags.has('D') || flags.has('decode') ? fromBase64(text) : undefined,
  ),
  rev: decoder((text) =>
    text
      .split('\n')
      .map((line) => Array.from(line).reverse().join(''))
      .join('\n'),
  ),
  xxd: decoder((text, flags) =>
    flags.has('r') && flags.has('p') ? Buffer.from(text.replace(/\s/g, ''), 'hex').toString() : undefined,
  ),
  tr: (_shell, call) => {
    const {operands, flags} = readOptions(call.args, {})
    const input = call.stdin?.text
    if (input === undefined || !isKnown(input) || input.length > 4096 || flags.has('c') || flags.has('C'))
      return someOutput(call)
    const translated = translate(
      input,
      operands.map(({text}) => text),
      flags.has('d'),
    )
    return translated === undefined ? someOutput(call) : passedOn(translated, call)
  },
  tee: (shell, call) => {
    const {operands, flags} = readOptions(call.args, {permute: true})
    const content = {text: call.stdin?.text ?? Outside, from: someOutput(call).from}
    for (const {text} of operands) write(shell, text, content, flags.has('a') || flags.has('append'))
    return content
  },
  sponge: (shell, call) => {
    const content = {text: call.stdin?.text ?? Outside, from: someOutput(call).from}
    for (const {text} of readOptions(call.args, {}).operands) write(shell, text, content)
    return plain('')
  },
  sort: (shell, call) => {
    for (const {name, value} of readOptions(call.args, {short: 'koStT', long: 'output key', permute: true}).values)
      if (name === 'o' || name === 'output') write(shell, value.text, passedOn(Made, call))
    return undefined
  },
  uniq: (shell, call) => {
    const target = readOptions(call.args, {short: 'fsw', permute: true}).operands[1]
    if (target !== undefined) write(shell, target.text, passedOn(Made, call))
    return undefined
  },
  split: (shell, call) => {
    const {operands} = readOptions(call.args, {short: 'abClnt', permute: true})
    for (const end of ['aa', 'ab', '00', '01']) write(shell, `${operands[1]?.text ?? 'x'}${end}`, passedOn(Made, call))
    return undefined
  },
  patch: (shell, call) => {
    for (const {text} of readOptions(call.args, {short: 'pidboFBDrYzV', permute: true}).operands)
      write(shell, text, passedOn(Made, call))
    return undefined
  },
  dd: (shell, call) => {
    const source = call.args.find(({text}) => text.startsWith('if='))?.text.slice(3)
    const target = call.args.find(({text}) => text.startsWith('of='))?.text.slice(3)
    const content = {
      text: (source === undefined ? call.stdin : contentOf(shell, source))?.text ?? Made,
      from: someOutput(call).from,
    }
    if (target === undefined) return content
    write(shell, target, content)
    return plain('')
  },
  touch: newFiles,
  mkdir: newFiles,
  cp: copy,
  mv: copy,
  ln: copy,
  install: copy,
  curl: download({
    short: 'AbcCDdeEFhHKmoPQrtTuUwxXyYz',
    long: 'output data header request user url cookie form',
    target: ['o', 'output'],
    keepsName: ['O', 'remote-name', 'remote-name-all'],
  }),
  wget: download({
    short: 'aeiIloODPQRTtUwX',
    long: 'output-document output-file header post-data user password directory-prefix',
    target: ['O', 'output-document'],
    keepsName: 'always',
  }),
  aria2c: download({short: 'doixsj', long: 'out dir', target: ['o', 'out'], keepsName: 'always'}),
  fetch: download({short: 'o', long: 'output', target: ['o', 'output'], keepsName: 'always'}),
  which: (_shell, call) => passedOn(pathOf(call), call),
  whereis: (_shell, call) => passedOn(pathOf(call), call),
  type: (_shell, call) => passedOn(pathOf(call), call),
  basename: (_shell, call) => passedOn(baseName(call.args.find(({text}) => !text.startsWith('-'))?.text ?? ''), call),
  realpath: lastArgument,
  readlink: lastArgument,
  dirname: (_shell, call) => passedOn((call.args.at(-1)?.text ?? '').replace(/\/?[^/]*$/, '') || '.', call),
  true: (_shell, call) => passedOn('', call),
  ':': (_shell, call) => passedOn('', call),
}

function lastArgument(_shell: Shell, call: Call): Text {
  return passedOn(call.args.at(-1)?.text ?? Made, call)
}

/** `which rm` and `command -v rm` print where it is. */
export function pathOf({args}: Pick<Call, 'args'>): string {
  const name = args.find(({text}) => !text.startsWith('-'))?.text ?? ''
  return name.includes('/') ? name : `/usr/bin/${name}`
}

function fileContents(shell: Shell, call: Call, operands: readonly Field[]): Text {
  const sources =
    operands.length === 0 ? [call.stdin ?? plain(Outside)] : operands.map(({text}) => contentOf(shell, text))
  const content = join(sources)
  return join([content, {text: '', from: someOutput({...call, stdin: undefined}).from}])
}

function decoder(decode: (text: string, flags: ReadonlySet<string>) => string | undefined): Runner {
  return (shell, call) => {
    const {flags, operands} = readOptions(call.args, {permute: true})
    const [path] = operands.filter(({text}) => !isStandardInput(text))
    const input = path === undefined ? call.stdin : contentOf(shell, path.text)
    const output = input !== undefined && isKnown(input.text) ? decode(input.text, flags) : undefined
    return passedOn(output ?? Made, call)
  }
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString()
}

/** `tr a-z b-za`, `tr -d x`. Classes such as `[:upper:]` are not followed. */
function translate(text: string, [from, to]: readonly string[], deletes: boolean): string | undefined {
  if (from === undefined || !isKnown(from + (to ?? '')) || /\[[:=]/.test(from + (to ?? ''))) return undefined
  const letters = Array.from(lettersOf(from))
  if (deletes)
    return Array.from(text)
      .filter((letter) => !letters.includes(letter))
      .join('')
  if (to === undefined) return undefined
  const others = Array.from(lettersOf(to))
  const replaced = new Map(
    letters.map((letter, index) => [letter, others[Math.min(index, others.length - 1)] ?? letter]),
  )
  return Array.from(text, (letter) => replaced.get(letter) ?? letter).join('')
}

function lettersOf(set: string): string {
  return readEscapes(set).replace(/([\s\S])-([\s\S])/g, (all, first: string, last: string) => {
    const [start, end] = [first.charCodeAt(0), last.charCodeAt(0)]
    return start > end
      ? all
      : String.fromCharCode(...Array.from({length: end - start + 1}, (_, index) => start + index))
  })
}

const letterEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

const escapePattern =
  /\\(?:([\uFDD0-\uFDD2])|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|0?([0-7]{1,3})|([abefnrtv\\]))/

const escapes = new RegExp(escapePattern, 'g')

/** What `echo -e` and `printf` make of backslashes. */
export function readEscapes(text: string): string {
  return text.replace(escapes, (_all, ...groups) => readEscape(groups))
}

function readEscape([unknown, hex, unicode, long, octal, letter]: Array<string | undefined>): string {
  if (unknown !== undefined) return Made
  if (letter !== undefined) return letterEscapes[letter]!
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
  const code = Number.parseInt(hex ?? unicode ?? long!, 16)
  return code > 0x10ffff ? Made : String.fromCodePoint(code)
}

/** A piece of a format that stands for something else: an escape or a place for an argument. */
const formatPiece = new RegExp(`${escapePattern.source}|%%|%(-?[\\d.*]*)([sbqdiuxXocfeg])`, 'g')

/** What printf prints: the format again and again until all arguments are used. */
export function formatted([format, ...args]: readonly Field[]): string {
  if (format === undefined) return ''
  const words = args.map(({text}) => text)
  let output = ''
  do {
    const before = words.length
    output += format.text.replace(formatPiece, (all, ...groups) => {
      if (all.startsWith('\\')) return readEscape(groups)
      if (all === '%%') return '%'
      const [size, kind] = groups.slice(6, 8) as [string, string]
      const word = words.shift() ?? ''
      if (size !== '' || /[xXoc]/.test(kind))
        return /^[\w ./-]*$/.test(word) && kind === 's' && !/[.*]/.test(size) ? word : Made
      return kind === 'b' ? readEscapes(word) : word
    })
    if (words.length === before) break
  } while (words.length > 0 && output.length < 65_536)
  return output
}

function newFiles(shell: Shell, {args}: Call): undefined {
  for (const {text} of readOptions(args, {short: 'drtmZ', permute: true}).operands)
    noteOptionName(shell, baseName(text))
}

/** Copies and links: the target has what the source has. */
function copy(shell: Shell, call: Call): Text | undefined {
  const {operands} = readOptions(call.args, {short: 'tSgmo', permute: true})
  const target = operands.at(-1)
  for (const source of operands.slice(0, -1)) {
    const content = contentOf(shell, source.text)
    const isFolder = target!.text.endsWith('/') || operands.length > 2
    const path = isFolder ? `${target!.text}/${baseName(source.text)}` : target!.text
    if (isStandardInput(source.text)) write(shell, path, call.stdin ?? plain(Made))
    else if (isProgramPath(source.text) || isWritten(shell, source.text)) write(shell, path, content)
  }
  return undefined
}

interface Download extends OptionSpec {
  /** The options that name the file it is written to. */
  target: readonly string[]
  /** When the file gets its name from the URL: always unless told otherwise, or by these options. */
  keepsName: readonly string[] | 'always'
}

/** Programs that fetch something and write it to a file. */
function download({target, keepsName, ...spec}: Download): Runner {
  return (shell, call) => {
    const {values, flags, operands} = readOptions(call.args, {...spec, permute: true})
    const content = passedOn(Made, call)
    const paths = values.filter(({name}) => target.includes(name)).map(({value}) => value.text)
    const isNamed = keepsName === 'always' ? paths.length === 0 : keepsName.some((name) => flags.has(name))
    if (isNamed) paths.push(...operands.map(({text}) => baseName(text.replace(/[?#].*$/, ''))))
    for (const path of paths) if (!isStandardInput(path)) write(shell, path, content)
    return content
  }
}
