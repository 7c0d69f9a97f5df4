import {runScript} from './run-script.ts'
import {feed, type Shell, spend} from './shell.ts'
import {FromFile, join, Made, plain, type Text, textLimit} from './text.ts'

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
  return shell.files.has(fileKey(path)) || openFile.test(path) || isNamedInCode(shell, path)
}

function isNamedInCode(shell: Shell, path: string): boolean {
  const name = baseName(path)
  return (
    name !== '' &&
    shell.codes.some((code) => {
      spend(shell, code.length / 1024)
      return code.includes(name)
    })
  )
}

/** What a file holds: what this line wrote to it, all of it if it did so more than once. */
export function contentOf(shell: Shell, path: string): Text {
  const contents = contentsOf(shell, path)
  return contents.length === 1 ? contents[0]! : join(contents, '\n')
}

/** The same, each content on its own. */
export function contentsOf(shell: Shell, path: string): readonly Text[] {
  if (isStandardInput(path)) return [shell.stdin ?? plain(Made)]
  if (/^\/dev\/(?:tcp|udp)\//.test(path)) return [plain(Made)]
  const written = shell.files.get(fileKey(path))
  if (written !== undefined) return written
  if (openFile.test(path) || isNamedInCode(shell, path)) return [plain(Made)]
  // A copy of a program is that program under another name.
  return [plain(isProgramPath(path) ? `${path} "$@"` : FromFile)]
}

export function isProgramPath(path: string): boolean {
  return /(?:^|\/usr)\/(?:local\/)?s?bin\/[^/]+$/.test(path)
}

export function isStandardInput(path: string): boolean {
  return path === '-' || path === '/dev/stdin' || path === '/dev/fd/0' || path === '/proc/self/fd/0'
}

/** Devices that keep nothing of what is written to them. */
export function isNowhere(path: string): boolean {
  return /^\/dev\/(?:null|stdout|stderr|tty|fd\/[12])$/.test(path)
}

/** Files that shells, git and schedulers run by themselves, sooner or later. */
const runLater =
  /(?:^|\/)(?:\.(?:bash_?(?:rc|profile|login|logout|aliases)|z(?:shrc|profile|shenv|login|logout)|profile|kshrc|envrc|xprofile|xsession(?:rc)?|xinitrc)|(?:\.git\/hooks|\.husky|etc\/(?:profile\.d|cron\.[a-z]+|init\.d))\/[\w.-]+|etc\/(?:profile|bash\.bashrc|crontab|rc\.local))$/

/** Notes what a file holds from now on, besides what it may have held before, and does what follows from that. */
export function write(shell: Shell, path: string, content: Text, append = false): void {
  const descriptor = /^\/dev\/(?:fd\/(\d+)|(stderr))$/.exec(path.replace(openFile, '/dev/fd/'))
  for (const target of shell.descriptors.get(descriptor?.[1] ?? (descriptor && '2') ?? '') ?? [])
    if (target !== path) write(shell, target, content, true)
  if (isNowhere(path)) return
  const sink = shell.sinks.get(path)
  if (sink !== undefined) {
    feed(shell, sink, content)
    return
  }
  const key = fileKey(path)
  noteOptionName(shell, key)
  const before = shell.files.get(key) ?? []
  const now = append ? [content, ...before.map((old) => join([old, content]))] : [content]
  const all = [...before]
  for (const text of now)
    if (!all.some((old) => old.text === text.text && old.from.size === text.from.size)) all.push(text)
  const length = all.reduce((sum, {text}) => sum + text.length, 0)
  const isTooMuch = all.length > contentLimit || length > textLimit
  shell.files.set(key, isTooMuch ? [{text: Made, from: join(all).from}] : all)
  if (all.length > before.length && runLater.test(path))
    runScript(shell, {script: content, stdin: undefined, into: 'sh'})
}

/** `touch -- -rf; rm *`: a pattern of file names stands for what files are called. */
export function noteOptionName(shell: Shell, name: string): void {
  if (/^-./.test(name)) shell.hasOptionFile = true
}
