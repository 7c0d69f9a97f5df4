import {noteTreeDeletion} from './build-tools.ts'
import {type Call, passedOn, type Runner, someOutput, wordsOf} from './call.ts'
import {deletesTrees, type Family, readsPrograms, runsPrograms} from './code.ts'
import {baseName, contentOf, contentsOf, isStandardInput, isWritten, write} from './files.ts'
import {readOptions} from './options.ts'
import {runScript} from './run-script.ts'
import {addCommand, doubt, type Field, type Shell} from './shell.ts'
import {FromFile, isKnown, join, Made, Outside, plain, type Text} from './text.ts'

const shells = new Set(
  'sh bash rbash dash ash zsh ksh ksh93 mksh lksh pdksh yash fish csh tcsh posh hush osh oil ysh nu xonsh elvish murex ion'.split(
    ' ',
  ),
)

export function isShell(name: string): boolean {
  return shells.has(name)
}

export function interpreterRunner(name: string): Runner | undefined {
  if (isShell(name)) return runShell
  const language = languageOf(name)
  return language && ((shell, call) => runLanguage(shell, call, language))
}

/** Options of shells that take the next word: alone, or as the last letter of a cluster (`-euo pipefail`). */
const shellValue = /^(?:--rcfile|--init-file|[-+][A-Za-z]*[oO])$/

/** `bash -lc 'script' name args…`, `bash file args…`, `bash -s args…` and `bash` with a script on its input. */
const runShell: Runner = (shell, call) => {
  const {name, args, stdin} = call
  let at = 0
  let readsInput = false
  let takesScript = false
  for (; at < args.length; at++) {
    const {text} = args[at]!
    if (text === '--' || text === '-') {
      at++
      break
    }
    if (!/^[-+]./.test(text)) break
    if (shellValue.test(text)) {
      if (text.endsWith('file')) runFile(shell, call, args[at + 1])
      if (/^-[^-]*c/.test(text)) takesScript = true
      at++
    } else if (text.startsWith('--command=')) return runGiven(shell, call, args[at]!)
    else if (text === '--command') takesScript = true
    else if (/^-[^-]*c/.test(text)) takesScript = true
    else if (/^-[^-]*s/.test(text)) readsInput = true
  }
  const [script, ...rest] = args.slice(at)
  // $0 stands in front of $1.
  if (takesScript)
    return script && runScript(shell, {script, stdin, into: name, positional: rest.slice(1), zero: rest[0]})
  if (script !== undefined && !readsInput) return runFile(shell, call, script, rest)
  return stdin && runScript(shell, {script: stdin, stdin: undefined, into: name, positional: args.slice(at)})
}

/** `fish --command='script'`. */
function runGiven(shell: Shell, {name, stdin}: Call, {text, from}: Field): Text {
  const script = {text: text.slice(text.indexOf('=') + 1), from}
  return runScript(shell, {script, stdin, into: name})
}

/** Runs a file as a script: what is in it is known only if the line wrote it. */
export function runFile(
  shell: Shell,
  {name, stdin}: Call,
  path: Field | undefined,
  args: readonly Field[] = [],
): Text | undefined {
  if (path === undefined) return undefined
  const isInput = isStandardInput(path.text)
  if (!isInput && !isWritten(shell, path.text)) {
    if (path.from.size > 0 && path.text.includes(Made))
      doubt(shell, `${name} runs a file whose name is not in the line`)
    return undefined
  }
  const run = {stdin: isInput ? undefined : stdin, into: name, positional: args}
  return join(contentsOf(shell, path.text).map((script) => runScript(shell, {script, ...run})))
}

interface Language {
  /** Options whose value is code. */
  code: RegExp
  /** Options that make the input data though no file is named. */
  data?: RegExp
  family: Family
}

const languages: ReadonlyArray<[names: RegExp, language: Language]> = [
  [/^ipython[\d.]*$/, {code: /^-[A-Za-z]*c/, family: 'ipython'}],
  [/^(?:python|pypy)[\d.]*$/, {code: /^-[A-Za-z]*c/, data: /^-[A-Za-z]*m/, family: 'python'}],
  [
    /^(?:node|nodejs|deno|bun|tsx|ts-node|esbuild-runner)$/,
    {code: /^(?:-e|-p|-pe|--eval|--print|eval)(?:=|$)/, family: 'node'},
  ],
  [/^perl[\d.]*$/, {code: /^-[A-Za-z0]*[eE]/, family: 'perl'}],
  [/^ruby[\d.]*$/, {code: /^-[A-Za-z0]*e/, family: 'other'}],
  [/^(?:pwsh|powershell)(?:\.exe|-preview)?$/, {code: /^-(?:c|command|e|ec|enc\w*)$/i, family: 'powershell'}],
  [/^g?m4$/, {code: /^-(?:D|E)/, family: 'other'}],
  [
    /^(?:php[\d.]*|lua[\d.]*|luajit|julia|groovy|scala|elixir|iex|erl|escript|r|rscript|tclsh[\d.]*|wish|guile|sbcl|clisp|racket|scheme|csi|bb|clojure|clj|janet|fennel|hy|ghc|ghci|runghc|ocaml|osascript|expect|swipl|raku|crystal|jshell|swift|dart|octave|gnuplot|emacs|emacsclient|puppet|awk)$/,
    {code: /^-(?:r|e|E|c|-?eval|-execute)/, family: 'other'},
  ],
]

/** Its name alone would pass for code that may start programs. */
const evalOption = /^--?(?:eval|execute)$/

function languageOf(name: string): Language | undefined {
  return languages.find(([names]) => names.test(name))?.[1]
}

/** Code in other languages is not followed: what might start programs is not understood. */
function runLanguage(shell: Shell, call: Call, {code, data, family}: Language): Text | undefined {
  const {name, args, stdin} = call
  const operands = /^(?:deno|bun)$/.test(name) && args[0]?.text === 'run' ? args.slice(1) : args
  const script = operands.find(({text}) => text === '-' || !text.startsWith('-'))
  const hasCode = args.some(({text}) => code.test(text))
  const readsCode =
    stdin !== undefined &&
    !hasCode &&
    (script === undefined || isStandardInput(script.text) || script.text === '-') &&
    !args.some(({text}) => data?.test(text))
  const isFile = script !== undefined && !hasCode && script.text !== '-' && !args.some(({text}) => data?.test(text))
  const takesFile = isFile && family !== 'powershell'
  if (isFile) {
    // `node openclaw.mjs config set`: the script is the program.
    const rest = operands.slice(operands.indexOf(script) + 1)
    addCommand(shell, {program: baseName(script.text).toLowerCase(), args: rest, wrappers: [...shell.wrappers, name]})
  }
  // What a script in a file is given is no code. (PowerShell takes a word for code that is no file.)
  const words = takesFile ? [script] : args.filter(({text}) => !evalOption.test(text))
  const codes: Text[] = [wordsOf(words)]
  if (readsCode) codes.push(stdin)
  else if (script !== undefined && !hasCode && isWritten(shell, script.text)) codes.push(contentOf(shell, script.text))
  for (const {text, from} of codes) {
    if (from.size > 0) shell.flows.push({into: name, from})
    if (hasCode || readsCode) shell.codes.push(text)
    if (text.includes(Made) || (readsCode && text.trim() === Outside))
      doubt(shell, `${name} runs code that is not in the line`)
    else if (text !== FromFile && !(takesFile && text === script.text) && runsPrograms(family, text))
      doubt(shell, `${name} runs code that may start programs`)
    if (deletesTrees(text)) noteTreeDeletion(shell, name)
  }
  return someOutput(call)
}

/** Commands that read other commands: `at`, `crontab`, a database's prompt. */
export const readers: Readonly<Record<string, Runner>> = {
  at: runLater,
  batch: runLater,
  crontab: (shell, call) => {
    const {name, stdin, args} = call
    const {operands, flags} = readOptions(args, {short: 'u'})
    const [file] = operands
    const table = file !== undefined && !isStandardInput(file.text) ? writtenContent(shell, file) : stdin
    if (table === undefined || flags.has('l') || flags.has('r')) return undefined
    const script = table.text.replace(/^[ \t]*(?:@\w+|(?:[\d*,/\-A-Za-z]+[ \t]+){5})/gm, '')
    return runScript(shell, {script: {text: script, from: table.from}, stdin: undefined, into: name})
  },
  dc: (shell, {name, args, stdin}) => {
    if ([...args, ...(stdin === undefined ? [] : [stdin])].some(({text}) => /![^=<>]/.test(text)))
      doubt(shell, `${name} may start programs`)
    return undefined
  },
  fc: (shell, {args}) => {
    if (args.some(({text}) => /^-[a-z]*[es]/.test(text))) doubt(shell, 'it runs a command of the history')
    return undefined
  },
  awk: runAwk,
  gawk: runAwk,
  mawk: runAwk,
  nawk: runAwk,
  sed: runSed,
  gsed: runSed,
  ed: runEditor,
  ex: runEditor,
  vi: runEditor,
  vim: runEditor,
  nvim: runEditor,
  bwrap: opaque,
  proot: opaque,
  gdb: (shell, {args}) => {
    // Looking around (`-ex bt`) starts nothing.
    const looks = /^(?:bt|where|backtrace|frame|info|list|quit|q|thread|up|down|disassemble|x\/\w+)\b[^!|$()`]*$/
    const startsMore = args.some(({text}, index) => {
      if (/^--?(?:ex|eval-command)$/.test(text)) return !looks.test(args[index + 1]?.text ?? '')
      return /^--?(?:ex|eval-command|args|x|command)/.test(text)
    })
    if (startsMore) doubt(shell, 'gdb starts what its options say')
    return undefined
  },
  psql: database,
  mysql: database,
  sqlite3: database,
  mongosh: database,
}

function runLater(shell: Shell, {stdin, args, name}: Call): Text | undefined {
  const file = readOptions(args, {short: 'fqt', permute: true}).values.find((option) => option.name === 'f')?.value
  const script = file === undefined ? stdin : writtenContent(shell, file)
  return script && runScript(shell, {script, stdin: undefined, into: name})
}

function writtenContent(shell: Shell, {text}: Field): Text | undefined {
  return isWritten(shell, text) ? contentOf(shell, text) : undefined
}

/** `!command` among what an editor reads. */
function runEditor(shell: Shell, {name, args, stdin}: Call): undefined {
  for (const {text} of args) if (/^[^-+]/.test(text)) write(shell, text, plain(Made))
  if (stdin !== undefined && (!isKnown(stdin.text) || /(?:^|\n)[^\n]{0,20}!/.test(stdin.text)))
    doubt(shell, `${name} may start programs`)
  if (args.some(({text}) => /^(?:\+|:|-c$|--cmd$)?/.test(text) && editorCode.test(text)))
    doubt(shell, `${name} may start programs`)
  if (args.some(({text}) => deletesTrees(text))) noteTreeDeletion(shell, name)
}

/** Commands and functions of editors that start programs. */
const editorCode =
  /\b(?:system(?:list)?|termopen|jobstart|job_start|term_start)\s*\(|os\.execute|io\.popen|\bvim\.(?:system|fn)\b|^[+:]?\s*(?:w(?:rite)?|te(?:rminal)?|py(?:thon3?|x)?|perl|ruby|tcl)\s+!?\S*(?:sh\b|system|exec|popen|subprocess)/

function opaque(shell: Shell, {name}: Call): undefined {
  doubt(shell, `${name} starts a command that cannot be told from its options`)
}

function runAwk(shell: Shell, call: Call): Text | undefined {
  if (call.args.some(({text}) => readsPrograms.awk.test(text) || text.includes(Made)))
    doubt(shell, 'awk runs code that may start programs')
  for (const {text} of programFiles(shell, call))
    if (text.includes(Made) || readsPrograms.awk.test(text)) doubt(shell, 'awk runs code that may start programs')
  shell.codes.push(...call.args.map(({text}) => text).filter((text) => text.includes('>')))
  return someOutput(call)
}

/** What `-f` names, where the line itself wrote it. */
function programFiles(shell: Shell, {args, stdin}: Call): Text[] {
  return readOptions(args, {short: 'fevFlis', long: 'file expression', permute: true})
    .values.filter(({name}) => name === 'f' || name === 'file')
    .flatMap(({value: {text}}) => {
      if (isStandardInput(text)) return stdin === undefined ? [] : [stdin]
      return isWritten(shell, text) ? [contentOf(shell, text)] : []
    })
}

function runSed(shell: Shell, call: Call): Text | undefined {
  if (call.args.some(({text}) => readsPrograms.sed(text))) doubt(shell, 'sed may start programs')
  for (const {text} of programFiles(shell, call))
    if (text.includes(Made) || readsPrograms.sed(text)) doubt(shell, 'sed may start programs')
  shell.codes.push(...call.args.map(({text}) => text).filter((text) => /w\s*\S/.test(text)))
  const [path] = call.args.filter(({text}) => isWritten(shell, baseName(text)))
  if (path !== undefined && call.args.some(({text}) => /^(?:-[a-zA-Z]*i|--in-place)/.test(text))) {
    shell.files.set(baseName(path.text), [...(shell.files.get(baseName(path.text)) ?? []), plain(Made)])
  }
  return someOutput(call)
}

function database(shell: Shell, call: Call): Text | undefined {
  const {args, stdin} = call
  const texts = [...args, ...(stdin === undefined ? [] : [stdin])]
  if (texts.some(({text}) => /(?:^|[\n"';])[^\S\n]*(?:\\!|\.(?:shell|system)\b|system\s|!)|\bprogram\s+'/i.test(text)))
    doubt(shell, `${call.name} may start programs`)
  return passedOn(Made, call)
}
