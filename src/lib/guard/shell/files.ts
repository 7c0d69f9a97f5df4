import type {Redirection} from 'unbash'
import type {Shell} from './shell.ts'
import {empty, FromFile, join, Made, plain, type Text, textLimit} from './text.ts'
import {expandText} from './words.ts'

/** Contents of one file that are followed. */
const contentLimit = 8

/** Folders are left out: `cd` and links make the same file have several paths. */
function fileKey(path: string): string {
  return openFile.test(path) ? path.replace(openFile, '/dev/fd/') : baseName(path)
}

/** A file that is open already, by its number. */
const openFile = /^\/(?:dev|proc\/(?:self|thread-self|\d+))\/fd\//

/** The last part of a path. */
export function baseName(path: string): string {
  const bare = path.replace(/\/+$/, '')
  return bare.slice(bare.lastIndexOf('/') + 1)
}

export function isWritten(shell: Shell, path: string): boolean {
  return shell.files.has(fileKey(path)) || openFile.test(path)
}

/** What a file holds: what this line wrote to it, all of it if it did so more than once. */
export function contentOf(shell: Shell, path: string): Text {
  if (isStandardInput(path)) return shell.stdin ?? plain(Made)
  if (/^\/dev\/(?:tcp|udp)\//.test(path)) return plain(Made)
  const written = shell.files.get(fileKey(path))
  if (written === undefined && openFile.test(path)) return plain(Made)
  return written === undefined ? plain(FromFile) : join(written, '\n')
}

export function isStandardInput(path: string): boolean {
  return path === '-' || path === '/dev/stdin' || path === '/dev/fd/0' || path === '/proc/self/fd/0'
}

export function write(shell: Shell, path: string, content: Text, append = false): void {
  const sink = shell.sinks.get(path)
  if (sink !== undefined) {
    shell.sinks.delete(path)
    shell.runParsed(shell, sink, content)
    return
  }
  const key = fileKey(path)
  const before = shell.files.get(key) ?? []
  const now = append ? [content, ...before.map((old) => join([old, content]))] : [content]
  const all = [...before]
  for (const text of now)
    if (!all.some((old) => old.text === text.text && old.from.size === text.from.size)) all.push(text)
  if (all.length > before.length) shell.changes++
  const length = all.reduce((sum, {text}) => sum + text.length, 0)
  const isTooMuch = all.length > contentLimit || length > textLimit
  shell.files.set(key, isTooMuch ? [{text: Made, from: join(all).from}] : all)
}

/** What a command reads, given its redirections. */
export function inputOf(shell: Shell, redirects: readonly Redirection[], stdin: Text | undefined): Text | undefined {
  let input = stdin
  for (const redirect of redirects) {
    const number = redirect.descriptor?.type === 'FileDescriptor' ? redirect.descriptor.value : undefined
    const content = readRedirect(shell, redirect)
    if (content === undefined) continue
    if (redirect.descriptor === undefined || number === 0) input = content
    else if (number !== undefined) write(shell, `/dev/fd/${number}`, content)
  }
  return input
}

function readRedirect(shell: Shell, redirect: Redirection): Text | undefined {
  if (redirect.type === 'HereDoc') {
    const {parts, text} = redirect.body
    return join(expandText(shell, {parts, value: text}), '\n')
  }
  const texts = redirect.target === undefined ? [empty] : expandText(shell, redirect.target)
  if (redirect.type === 'HereString') return join([...texts, empty], '\n')
  if (redirect.operator === '<&')
    return join(texts.map(({text}) => contentOf(shell, `/dev/fd/${text.replace('-', '')}`)))
  if (redirect.operator !== '<' && redirect.operator !== '<>') return undefined
  return join(
    texts.map(({text}) => contentOf(shell, text)),
    '\n',
  )
}

/** The files that a command's output goes to. */
export function outputPaths(shell: Shell, redirects: readonly Redirection[]): Array<{path: string; append: boolean}> {
  return redirects.flatMap((redirect) => {
    if (redirect.type !== 'Redirect' || redirect.target === undefined || redirect.operator.includes('<')) return []
    const number = redirect.descriptor?.type === 'FileDescriptor' ? redirect.descriptor.value : 1
    if (number !== 1 || (redirect.operator === '>&' && /^\d*-?$/.test(redirect.target.value))) return []
    const append = redirect.operator.endsWith('>>')
    return expandText(shell, redirect.target)
      .filter(({text}) => !/^\/dev\/(?:stdout|stderr|tty|fd\/[12])$/.test(text))
      .map(({text}) => ({path: text, append}))
  })
}
