// `npm run bench`: sets up, obtains the servers, and measures with the pinned runtime.
import path from 'node:path'
import {natsServers} from './nats-env.mjs'
import {build, install, pinnedEnv, root, run} from './setup.mjs'

install()
build()
const script = path.join(root, 'bench', 'run.ts')
// The heap is measured after a collection.
run(path.join(root, 'node_modules', '.bin', 'node'), ['--expose-gc', script, ...process.argv.slice(2)], {
  env: {...pinnedEnv, ...natsServers()},
})
