// `npm run test:browser`: pages in a headless Chromium beside a real `claw-events serve`. Sets up everything, Chromium
// included, where it may. Arguments go to vitest. CHROMIUM names another one to use.
import {spawnSync} from 'node:child_process'
import {accessSync, constants} from 'node:fs'
import path from 'node:path'
import {build, install} from './setup.mjs'
import {vitest} from './vitest.mjs'

const chromium = obtainChromium()
install()
build()
const args = ['--config', 'test/browser/vitest.config.ts', ...process.argv.slice(2)]
const {passed, failed} = vitest('browser', args, {CHROMIUM: chromium})
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** The path of a Chromium; installs Debian's where that is possible, and ends this process with one sentence elsewhere. */
function obtainChromium() {
  const named = process.env.CHROMIUM
  if (named) {
    if (isProgram(named)) return path.resolve(named)
    fail(`CHROMIUM=${named} is no program that can be run; name the path of a Chromium`)
  }
  const found = inPath('chromium')
  if (found) return found
  if (process.getuid?.() !== 0 || !inPath('apt-get')) {
    fail(
      'there is no chromium in PATH, and only root with apt-get can install it here; set CHROMIUM to the path of one',
    )
  }
  console.error('installing chromium (apt-get) …')
  const apt = () => aptGet('install', '-y', '--no-install-recommends', 'chromium')
  let reason = apt()
  // A fresh machine has no lists of packages yet, and one with old lists asks for what is gone.
  if (reason) reason = aptGet('update') || apt()
  const installed = inPath('chromium')
  if (installed) return installed
  fail(
    `chromium cannot be installed with apt-get (${reason || 'it left none in PATH'}); set CHROMIUM to the path of one`,
  )
}

/** Why it failed; empty when it did not. */
function aptGet(...args) {
  const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}
  const options = {env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8'}
  const {status, stderr} = spawnSync('apt-get', ['-q', ...args], options)
  return status === 0 ? '' : stderr.trim().split('\n').at(-1) || `exit ${status}`
}

function inPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return folders.map((folder) => path.join(folder, name)).find(isProgram)
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function fail(message) {
  console.error(message)
  console.log('0 passed, 1 failed')
  process.exit(1)
}
