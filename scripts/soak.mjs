// `npm run soak`: sets up, obtains the servers, and runs everything under seeded faults with the pinned runtime.
// `npm run soak -- --help` says what can be chosen.
import {spawnSync} from 'node:child_process'
import path from 'node:path'
import {natsServers} from './nats-env.mjs'
import {install, pinnedEnv, root} from './setup.mjs'

install()
const {status} = spawnSync(
  path.join(root, 'node_modules', '.bin', 'node'),
  [path.join(root, 'test', 'soak', 'run.ts'), ...process.argv.slice(2)],
  {cwd: root, env: {...pinnedEnv, ...natsServers()}, stdio: 'inherit'},
)
process.exit(status ?? 1)
