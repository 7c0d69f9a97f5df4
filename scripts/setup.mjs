// Makes a checkout ready, whatever was done in it before: dependencies as locked, then the build. Plain JavaScript
// without dependencies, because it runs on the machine's own Node before anything is installed.
import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const modules = path.join(root, 'node_modules')

/** The environment in which `node` is the pinned runtime. */
export const pinnedEnv = {...process.env, PATH: `${path.join(modules, '.bin')}${path.delimiter}${process.env.PATH}`}

/** Runs a program to its end with our terminal; a failure ends this process with the same code. */
export function run(command, args, {quiet = false, env = pinnedEnv} = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: process.platform === 'win32',
  })
  if (result.status === 0) return
  if (quiet) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
  if (result.error) console.error(`cannot run ${command}: ${result.error.message}`)
  process.exit(result.status ?? 1)
}

/** Installs what the lock file names, once per lock file. */
export function install() {
  const stamp = path.join(modules, '.claw-events-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.error('installing dependencies (npm ci) …')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {quiet: true, env: process.env})
  writeFileSync(stamp, wanted)
}

/** Builds when a source is newer than the last build. */
export function build() {
  const built = path.join(root, 'dist', 'help.json')
  const sources = ['src', 'scripts', 'package.json', 'package-lock.json'].map((name) => path.join(root, name))
  if (existsSync(built) && sources.every((source) => newest(source) <= statSync(built).mtimeMs)) return
  console.error('building …')
  run(path.join(modules, '.bin', 'node'), [path.join(root, 'scripts', 'build.mjs')])
}

function newest(target) {
  const stat = statSync(target)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(target).map((name) => newest(path.join(target, name))))
}
