#!/usr/bin/env node
// Starts the command line. Plain JavaScript that any Node understands, since its first task is to find the right one.
import module from 'node:module'

// Not by `import`: that would load all of `fs` with its streams, which costs as much as reading our help.
const require = module.createRequire(import.meta.url)
const {existsSync, mkdirSync, readFileSync} = require('node:fs')
const {homedir} = require('node:os')
const path = require('node:path')
const {fileURLToPath} = require('node:url')

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const [major, minor] = process.versions.node.split('.').map(Number)
/** Set for the pinned Node: the process that waits for it. */
const startedBy = 'CLAW_STARTED_BY'

hidePasswords()
if (major > 24 || (major === 24 && minor >= 16)) start()
else startWithPinnedNode()

/** A convenience of the checkout: its dev dependency `node` runs us when the machine's own Node is too old. */
function startWithPinnedNode() {
  const pinned = path.join(root, 'node_modules', 'node', 'bin', 'node')
  if (!existsSync(pinned)) {
    console.error(`claw-events needs Node.js 24.16 or newer; this is ${process.version} (${process.execPath})`)
    process.exitCode = 1
    return
  }
  const {spawn} = require('node:child_process')
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: {...process.env, [startedBy]: String(process.pid)},
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (!signal) return process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** Nobody can pass on a SIGKILL: when the process that started us is gone, we end as on SIGTERM. */
function endWithParent() {
  const parent = Number(process.env[startedBy])
  if (!parent) return
  delete process.env[startedBy]
  setInterval(() => process.ppid !== parent && process.kill(process.pid, 'SIGTERM'), 500).unref()
}

async function start() {
  endWithParent()
  if (!existsSync(path.join(root, 'dist', 'help.json'))) {
    console.error('this checkout is not built yet: `npm run build` does that')
    process.exitCode = 1
    return
  }
  process.stdout.on('error', outputFailed)
  // What cannot be said is not worth ending for, unless the one who would have read it is gone.
  process.stderr.on('error', ({code}) => code === 'EPIPE' && process.exit(0))
  const argv = process.argv.slice(2)
  const help = helpText(argv)
  if (help !== undefined) {
    process.stdout.write(help)
    return
  }
  enableCompileCache()
  const {main} = await import('../dist/cli/main.js')
  await main(argv, root)
}

/** A reader that stops early (`| head -1`) is not an error; a full disk is, and what is there then is not all. */
function outputFailed({code, message}) {
  if (code === 'EPIPE') process.exit(0)
  console.error(`Error: the output could not be written: ${message}\nCode: FAILED`)
  process.exit(1)
}

/** Everybody on the machine can list what runs with all arguments, and `--store` may hold a password. */
function hidePasswords() {
  const words = process.argv.slice(2)
  const shown = words.map((word) => word.replace(/:\/\/\S*@/g, '://***@'))
  if (shown.join() !== words.join()) process.title = ['claw-events', ...shown].join(' ')
}

/** The help that was made at build time, for `--help` alone or after nothing but a command; otherwise undefined. */
function helpText(argv) {
  const isHelp = (word) => word === '--help' || word === '-h'
  const asks = argv.length === 0 || argv[0] === 'help' || argv.some(isHelp)
  if (!asks) return undefined
  const words = argv.filter((word, index) => !isHelp(word) && !(index === 0 && word === 'help'))
  return JSON.parse(readFileSync(path.join(root, 'dist', 'help.json'), 'utf8'))[words.join(' ')]
}

/** V8's cache halves the start; it is ours alone, so it lives in the user's cache folder and nobody else writes it. */
function enableCompileCache() {
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return
  const base = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache')
  const folder = path.join(base, 'claw-events', 'compile-cache')
  try {
    mkdirSync(folder, {recursive: true, mode: 0o700})
    module.enableCompileCache(folder)
  } catch {
    // A home that cannot be written only costs us some milliseconds.
  }
}
