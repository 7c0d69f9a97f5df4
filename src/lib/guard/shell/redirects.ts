import type {Redirect, Redirection} from 'unbash'
import {contentOf, isNowhere, write} from './files.ts'
import {noteFiles, type Shell, spend} from './shell.ts'
import {empty, isKnown, join, Made, plain, type Text} from './text.ts'
import {expandText} from './words.ts'

/** What a command reads, given its redirections. */
export function inputOf(shell: Shell, redirects: readonly Redirection[], stdin: Text | undefined): Text | undefined {
  let input = stdin
  for (const redirect of redirects) {
    spend(shell, 2)
    const content = readRedirect(shell, redirect)
    if (content === undefined) continue
    const descriptor = descriptorOf(redirect) ?? '0'
    if (descriptor === '0') input = content
    else write(shell, `/dev/fd/${descriptor}`, content)
  }
  return input
}

function readRedirect(shell: Shell, redirect: Redirection): Text | undefined {
  if (redirect.type === 'HereDoc') {
    const {body, delimiter} = redirect
    // Whole programs are written down this way, and nothing in them is expanded.
    return delimiter?.quoted ? plain(body.text) : join(expandText(shell, body), '\n')
  }
  const texts = redirect.target === undefined ? [empty] : expandText(shell, redirect.target)
  if (redirect.type === 'HereString') return join([...texts, empty], '\n')
  if (redirect.operator === '<&')
    return join(texts.map(({text}) => contentOf(shell, `/dev/fd/${text.replace('-', '')}`)))
  if (redirect.operator !== '<' && redirect.operator !== '<>') return undefined
  noteFiles(shell, texts)
  return join(
    texts.map(({text}) => contentOf(shell, text)),
    '\n',
  )
}

export interface Output {
  path: string
  append: boolean
  /** It goes on to where the output goes anyway, too. */
  isCopy?: true
}

/**
 * The files that a command's output goes to. Files that other descriptors are opened on are noted, for what writes to
 * those; so this is to be asked before the command is run.
 */
export function openOutputs(shell: Shell, redirects: readonly Redirection[]): Output[] {
  return redirects.flatMap((redirect) => (redirect.type === 'Redirect' ? openOutput(shell, redirect) : []))
}

function openOutput(shell: Shell, redirect: Redirect): Output[] {
  const {operator, target} = redirect
  if (target === undefined || operator === '<' || operator === '<&') return []
  const descriptor = descriptorOf(redirect) ?? (operator === '<>' ? '0' : '1')
  const append = operator.endsWith('>>')
  const texts = expandText(shell, target)
  const copied = operator === '>&' ? texts.filter(({text}) => /^\d*-?$/.test(text) || !isKnown(text)) : []
  const files = texts.filter((text) => !copied.includes(text))
  noteFiles(shell, files)
  const paths = files.map(({text}) => text)
  const copies = copied.flatMap(({text}) => pathsOf(shell, text))
  // What goes wrong is printed, with words of the command line in it.
  const getsErrors = descriptor === '2' || operator === '&>' || operator === '&>>' || operator === '>&'
  for (const path of paths) if (getsErrors) write(shell, path, plain(Made), true)
  if (descriptor !== '1') for (const path of [...paths, ...copies]) noteOpen(shell, descriptor, path)
  else if (getsErrors) for (const path of paths) noteOpen(shell, '2', path)
  if (descriptor !== '1') return []
  return [
    ...paths.filter((path) => !isNowhere(path) || path === '/dev/null').map((path) => ({path, append})),
    ...copies.map((path): Output => ({path, append: true, isCopy: true})),
  ]
}

/** The number that stands before a redirection, or `?` for one that a variable gets. */
function descriptorOf({descriptor}: Redirection): string | undefined {
  if (descriptor === undefined) return undefined
  return descriptor.type === 'FileDescriptor' ? String(descriptor.value) : '?'
}

function noteOpen(shell: Shell, descriptor: string, path: string): void {
  const known = shell.descriptors.get(descriptor) ?? new Set()
  if (known.has(path)) return
  shell.descriptors.set(descriptor, new Set([...known, path]))
}

/** The files that a descriptor may be open on. */
function pathsOf(shell: Shell, descriptor: string): string[] {
  if (isKnown(descriptor)) return [...(shell.descriptors.get(descriptor.replace('-', '')) ?? [])]
  return [...shell.descriptors.values()].flatMap((paths) => [...paths])
}

/** Writes a command's output to where it goes; the result is what is left for others to read. */
export function writeOutput(shell: Shell, outputs: readonly Output[], output: Text): Text {
  for (const {path, append} of outputs) write(shell, path, output, append)
  return outputs.some(({isCopy}) => !isCopy) ? empty : output
}
