// Obtains the OpenClaw that the plugin is tested with: `node scripts/openclaw.mjs` prints the path of its openclaw.mjs.
// OPENCLAW_MJS names another one. Installed once, from npm, beside everything else that is cached; its install scripts
// are not needed and not run. Plain JavaScript without dependencies: it runs on the machine's own Node.
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {pinnedEnv, root} from './setup.mjs'

/** The version whose hooks are pinned as fixtures. */
export const openclawVersion = '2026.9.6'

/** The path of openclaw.mjs; installs it (about 650 MB) when it is not there yet. */
export function obtainOpenClaw() {
  if (process.env.OPENCLAW_MJS) return process.env.OPENCLAW_MJS
  const home = path.join(root, '.cache', `openclaw-${openclawVersion}`)
  const script = path.join(home, 'node_modules', 'openclaw', 'openclaw.mjs')
  if (existsSync(script)) return script
  console.error(`installing openclaw@${openclawVersion} (about 650 MB) …`)
  mkdirSync(path.dirname(home), {recursive: true})
  // Moved as one, so that an install that was interrupted is never taken for a whole one.
  const work = mkdtempSync(`${home}-`)
  writeFileSync(path.join(work, 'package.json'), '{"name": "openclaw-under-test", "private": true}\n')
  const args = [
    'install',
    `openclaw@${openclawVersion}`,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const {status, stderr, error} = spawnSync('npm', args, {cwd: work, env: pinnedEnv, encoding: 'utf8'})
  if (status !== 0) {
    rmSync(work, {recursive: true, force: true})
    throw new Error(`openclaw@${openclawVersion} cannot be installed: ${error?.message ?? stderr}`)
  }
  try {
    renameSync(work, home)
  } catch (error) {
    // Somebody else was quicker.
    rmSync(work, {recursive: true, force: true})
    if (!existsSync(script)) throw error
  }
  return script
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(obtainOpenClaw())
