import {spawnSync} from 'node:child_process'
import path from 'node:path'
import {pinnedEnv, root} from './setup.mjs'

/** Both servers that the adapter must work with, as environment; ends this process with one sentence when one cannot be had. */
export function natsServers() {
  const script = path.join(root, 'scripts', 'nats-server.mjs')
  const {status, stdout} = spawnSync(path.join(root, 'node_modules', '.bin', 'node'), [script, 'all'], {
    env: pinnedEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) process.exit(status ?? 1)
  return JSON.parse(stdout)
}
