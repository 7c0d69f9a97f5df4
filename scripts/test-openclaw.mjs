// `npm run test:openclaw`: the packed plugin inside a real OpenClaw gateway, with a mock model and nothing of the outside
// world. Sets up everything. Arguments go to vitest: `npm run test:openclaw -- -t 'blocks a call'` runs one scenario.
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {natsServers} from './nats-env.mjs'
import {obtainOpenClaw} from './openclaw.mjs'
import {build, install, pinnedEnv, root} from './setup.mjs'
import {vitest} from './vitest.mjs'

install()
build()
const folder = mkdtempSync(path.join(tmpdir(), 'claw-tarball-'))
const {passed, failed} = vitest('openclaw', ['--config', 'test/openclaw/vitest.config.ts', ...process.argv.slice(2)], {
  ...natsServers(),
  OPENCLAW_MJS: obtainOpenClaw(),
  CLAW_EVENTS_TARBALL: packed(),
})
rmSync(folder, {recursive: true, force: true})
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function packed() {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  const {status, stdout, stderr} = spawnSync('npm', args, {cwd: root, env: pinnedEnv, encoding: 'utf8'})
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`)
  return path.join(folder, stdout.trim().split('\n').at(-1))
}
