import type {Field, Shell} from './shell.ts'
import {FromFile, join, joinFrom, Made, nobody, Outside, type Text} from './text.ts'

/** A program with its arguments, about to run. */
export interface Call {
  name: string
  args: readonly Field[]
  stdin: Text | undefined
  /** Its number among all commands. */
  id: number
}

/** What a program does that the guard follows. The result is what it prints; `undefined` if that is not known. */
export type Runner = (shell: Shell, call: Call) => Text | undefined

/** The commands whose output is in what a program reads, in its arguments, and the program itself. */
export function handsOf({args, stdin, id}: Call): ReadonlySet<number> {
  let from: ReadonlySet<number> = new Set([id])
  for (const {from: more} of [...args, ...(stdin === undefined ? [] : [stdin])]) from = joinFrom(from, more)
  return from
}

/** Programs that only rework text or fetch it: what they print is no list of files. */
const textPrograms = new Set(
  'awk base32 base64 basenc bc bun column comm curl cut dc dd deno ed expr fetch fold fmt gawk head http https iconv jq lua lynx mawk nc ncat node nodejs od openssl paste perl php printf python python2 python3 rev ruby sed seq shuf socat sort strings tac tail tr uniq wget xxd yq'.split(
    ' ',
  ),
)
/** These rework what they read, which may be harmless names of files. */
const filters = new Set('awk column comm cut fold gawk head mawk paste rev sed shuf sort tac tail tr uniq'.split(' '))

/** Code of awk or sed that may put a dash in front of what it prints. */
const addsDash = /["'=][^"']*[-\\%]|printf|^s.*-/

/** Programs that print settings for the shell, to be run as they are: `eval "$(ssh-agent -s)"`. */
const setupPrinters = new Set(
  'brew conda direnv dircolors docker-machine fnm gh gpg-agent helm keychain kubectl luarocks micromamba minikube nodenv npm opam pip poetry pyenv rbenv register-python-argcomplete rustup ssh-agent starship zoxide'.split(
    ' ',
  ),
)
const setupWords = /^(?:-s|-b|init|shellenv|hook|env|docker-env|path|completions?|shell[.]\w+)$/

/** What a program prints if nothing more is known about it. */
export function someOutput(call: Call): Text {
  const from = handsOf(call)
  if (setupPrinters.has(call.name) && call.args.some(({text}) => setupWords.test(text))) return {text: FromFile, from}
  const input = call.stdin?.text ?? ''
  const readsNames = /^[\s\uFDD0]*$/.test(input) && (input !== '' || call.args.some(({text}) => !text.startsWith('-')))
  const isFilter = filters.has(call.name) && readsNames && !call.args.some(({text}) => addsDash.test(text))
  const isMade = (textPrograms.has(call.name) && !isFilter) || (input !== '' && !readsNames)
  return {text: isMade ? Made : Outside, from}
}

/** The same text, with the hands of a program that passed it on. */
export function passedOn(text: string, call: Call): Text {
  return {text, from: handsOf(call)}
}

export function wordsOf(args: readonly Field[]): Text {
  return args.length === 0 ? {text: '', from: nobody} : join(args, ' ')
}
