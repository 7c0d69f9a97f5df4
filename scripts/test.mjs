// `npm test`: sets up everything, then runs every test but the slow ring and the real gateway's.
import {spawnSync} from 'node:child_process'
import path from 'node:path'
import {build, install, pinnedEnv, root} from './setup.mjs'
import {vitest} from './vitest.mjs'

install()
build()
const {passed, failed} = vitest('all', process.argv.slice(2), natsServers())
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** Both servers that the adapter must work with, as environment for the tests. */
function natsServers() {
  const {status, stdout} = spawnSync(
    path.join(root, 'node_modules', '.bin', 'node'),
    [path.join(root, 'scripts', 'nats-server.mjs'), 'all'],
    {
      env: pinnedEnv,
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  )
  if (status !== 0) process.exit(status ?? 1)
  return JSON.parse(stdout)
}
