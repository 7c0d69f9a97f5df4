// Runs test files and returns their counts; vitest's own report goes to the terminal.
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs'
import path from 'node:path'
import {pinnedEnv, root} from './setup.mjs'

/** @returns {{passed: number, failed: number}} a run that breaks before it reports counts as one failure */
export function vitest(ring, args, env = {}) {
  const report = path.join(root, '.cache', `tests-${ring}.json`)
  mkdirSync(path.dirname(report), {recursive: true})
  rmSync(report, {force: true})
  const bin = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const {status} = spawnSync(path.join(root, 'node_modules', '.bin', 'node'), [bin, 'run', ...reporters, ...args], {
    cwd: root,
    env: {...pinnedEnv, ...env},
    stdio: 'inherit',
  })
  if (!existsSync(report)) return {passed: 0, failed: 1}
  const {numPassedTests, numFailedTests, numPendingTests} = JSON.parse(readFileSync(report, 'utf8'))
  // A skipped test proves nothing unless the rest was left out on purpose, and a run that failed outside of any test has
  // failed all the same.
  const failed = numFailedTests + (args.includes('-t') ? 0 : numPendingTests)
  return {passed: numPassedTests, failed: status === 0 ? failed : Math.max(1, failed)}
}
