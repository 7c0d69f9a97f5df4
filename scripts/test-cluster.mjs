// `npm run test:cluster`: clusters of three nats-servers that lose their leaders, are restarted in turn and cut apart.
// Arguments go to vitest.
import {natsServers} from './nats-env.mjs'
import {install} from './setup.mjs'
import {vitest} from './vitest.mjs'

install()
const args = ['--config', 'test/cluster/vitest.config.ts', ...process.argv.slice(2)]
const {passed, failed} = vitest('cluster', args, natsServers())
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
