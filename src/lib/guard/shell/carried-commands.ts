import type {Call} from './call.ts'
import {expandAgain, runScript} from './run-script.ts'
import type {Field, Shell} from './shell.ts'
import {isKnown, type Text} from './text.ts'

/** Variables whose value some program runs as a command line. */
const environmentCommands =
  /^(?:\w*PAGER|\w*EDITOR|VISUAL|BROWSER|\w*_COMMAND|GIT_SSH|GIT_PROXY|\w*ASKPASS|GIT_EXTERNAL_DIFF|BASH_ENV|ENV|LESSOPEN|LESSCLOSE|MAKE_SHELL|CC|RSYNC_RSH|TAR_OPTIONS|MANROFFSEQ)$/

/** Options whose value a program runs as a command line, for programs that do more than starting others. */
const carriers: Readonly<Record<string, readonly string[]>> = {
  tar: [
    '--to-command',
    '--use-compress-program',
    '-I',
    '--checkpoint-action=exec',
    '--rsh-command',
    '-F',
    '--info-script',
  ],
  rsync: ['-e', '--rsh', '--rsync-path'],
  git: [
    '-x',
    '--exec',
    '--extcmd',
    '--upload-pack',
    '--receive-pack',
    '--tree-filter',
    '--index-filter',
    '--msg-filter',
    '--env-filter',
    '--commit-filter',
    '--tag-name-filter',
    '--parent-filter',
    '--open-files-in-pager',
    '-O',
  ],
  runuser: ['-c', '--command', '--session-command'],
  scp: ['-S'],
  sftp: ['-S'],
  npm: ['--script-shell', 'script-shell'],
  man: ['-P', '--pager'],
  nc: ['-e', '-c', '--exec', '--sh-exec'],
  ncat: ['-e', '-c', '--exec', '--sh-exec'],
  netcat: ['-e', '-c'],
  sort: ['--compress-program'],
  split: ['--filter'],
  zip: ['-TT', '--unzip-command'],
  nodemon: ['-x', '--exec'],
  watchexec: ['-c', '--'],
  capsh: ['-c'],
  gcloud: ['--command'],
  fly: ['-C', '--command'],
  flyctl: ['-C', '--command'],
  ansible: ['-a', '--args'],
  mapfile: ['-C'],
  readarray: ['-C'],
  compgen: ['-C'],
  complete: ['-C'],
  rg: ['--pre'],
  fzf: ['--preview', '--bind'],
  cpio: ['--rsh-command'],
  svn: ['--editor-cmd', '--diff-cmd', '--diff3-cmd'],
  tcpdump: ['-z'],
  lldb: ['-o', '-O', '--one-line'],
  aria2c: [
    '--on-download-complete',
    '--on-download-start',
    '--on-download-stop',
    '--on-download-error',
    '--on-bt-download-complete',
  ],
  az: ['--scripts'],
  aws: ['--parameters'],
  cargo: ['-s', '--shell'],
  entr: ['-s'],
  et: ['-c'],
  chokidar: ['-c', '--command'],
  salt: ['cmd.run', 'cmd.run_all', 'cmd.shell'],
  'salt-call': ['cmd.run', 'cmd.run_all', 'cmd.shell'],
}

/** Follows the command lines that stand in a program's arguments. */
export function runCarried(shell: Shell, {name, args, stdin}: Call): void {
  const options = Object.hasOwn(carriers, name) ? carriers[name]! : []
  const scripts: Text[] = [...valuesOf(args, options), ...(name === 'git' ? gitCommands(args) : [])]
  if (name === 'ssh' || name === 'scp' || name === 'sftp' || name === 'rsync') scripts.push(...sshCommands(args))
  if (/^(?:vim?|nvim|ex|view|gvim|ed)$/.test(name)) scripts.push(...editorCommands(args))
  if (name === 'socat') scripts.push(...socatCommands(args))
  if (name === 'hyperfine' || name === 'concurrently') scripts.push(...args.filter(({text}) => !text.startsWith('-')))
  if (name === 'hg') scripts.push(...hgCommands(args))
  if (name === 'npm' || name === 'pnpm') scripts.push(...args.flatMap((arg) => behind(/^scripts\.[^=]*=/, arg)))
  if (/^(?:less|more|most|man)$/.test(name)) scripts.push(...args.flatMap((arg) => behind(/^\+{1,2}!/, arg)))
  if (name === 'strace') scripts.push(...args.flatMap((arg) => behind(/^(?:-o)?\|/, arg)))
  for (const script of scripts) runScript(shell, {script: withoutFrame(script), stdin, into: name})
}

/** A variable of the environment that is a command line itself: whatever is started may run it. */
export function runEnvironmentCommand(shell: Shell, {text, from}: Text): void {
  const equals = text.indexOf('=')
  const value = text.slice(equals + 1).replace(/^\|-?/, '')
  // A prompt is text with substitutions in it.
  if (/^PS[0124]=/.test(text)) expandAgain(shell, {text: value, from})
  if (environmentCommands.test(text.slice(0, equals)) && isKnown(value)) {
    runScript(shell, {script: {text: value, from}, stdin: undefined, into: 'sh'})
  }
}

function valuesOf(args: readonly Field[], options: readonly string[]): Text[] {
  return args.flatMap((arg, index) => {
    if (options.includes(arg.text)) return args.slice(index + 1, index + 2)
    const option = options.find((candidate) => arg.text.startsWith(`${candidate}=`))
    if (option !== undefined) return [{text: arg.text.slice(option.length + 1), from: arg.from}]
    // A short option and its value in one word.
    const short = /^-[eFIOPS]./.test(arg.text) && options.includes(arg.text.slice(0, 2))
    return short ? [{text: arg.text.slice(2), from: arg.from}] : []
  })
}

/** `-c alias.x='!rm'`, `git config core.pager 'rm'`: settings that git runs. */
function gitCommands(args: readonly Field[]): Text[] {
  return args.flatMap((arg, index) => {
    // A helper for a transport: `ext::sh -c …`.
    if (arg.text.startsWith('ext::')) return [{text: arg.text.slice(5), from: arg.from}]
    const equals = arg.text.indexOf('=')
    const isPair = equals > 0 && args[index - 1]?.text === '-c'
    const key = isPair ? arg.text.slice(0, equals) : arg.text
    const value = isPair ? arg.text.slice(equals + 1) : args[index + 1]?.text
    if (value === undefined || !/^[\w.-]+\.[\w.-]+$/.test(key)) return []
    if (value.startsWith('!')) return [{text: value.slice(1), from: arg.from}]
    return /(?:command|pager|editor|askpass|textconv|driver|smudge|clean|process|program|fsmonitor|external|cmd|hook)$/i.test(
      key,
    )
      ? [{text: value, from: arg.from}]
      : []
  })
}

/** What is left of a word behind how it begins. */
function behind(start: RegExp, {text, from}: Field): Text[] {
  const rest = text.replace(start, '')
  return rest === text ? [] : [{text: rest, from}]
}

/** `--config alias.x='!rm'`, `--config hooks.pre-status=rm`. */
function hgCommands(args: readonly Field[]): Text[] {
  return args.flatMap((arg) => behind(/^(?:--config=)?(?:alias|hooks)\.[^=]+=!?/, arg))
}

/** The command line in `commands=["…"]` and `platform shell …`. */
function withoutFrame({text, from}: Text): Text {
  const bare = text.replace(/^(?:platform )?shell (?=\S)/, '')
  const [, inner] = /^commands?=\[?["']?([\s\S]*?)["']?\]?$/.exec(bare) ?? []
  return {text: inner ?? bare, from}
}

/** `-o ProxyCommand=…`. */
function sshCommands(args: readonly Field[]): Text[] {
  return args.flatMap(({text, from}) => {
    const found = /^(?:-o)?\s*(?:Proxy|Local|Remote|KnownHosts)Command[= ]\s*([\s\S]+)$/i.exec(text)
    return found === null ? [] : [{text: found[1]!, from}]
  })
}

/** `:!rm` given with -c, --cmd or `+`. */
function editorCommands(args: readonly Field[]): Text[] {
  return args.flatMap(({text, from}) => {
    const found = /^(?:\+|-c)?\s*:?(?:silent!?\s+)?(?:r(?:ead)?\s*)?!\s*([\s\S]+)$/.exec(text)
    return found === null ? [] : [{text: found[1]!, from}]
  })
}

function socatCommands(args: readonly Field[]): Text[] {
  return args.flatMap(({text, from}) => {
    const found = /^(?:exec|system|shell):(["']?)([\s\S]*?)\1(?:,|$)/i.exec(text)
    return found === null ? [] : [{text: found[2]!, from}]
  })
}
