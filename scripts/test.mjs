// `npm test`: sets up everything, then runs every test but the slow ring and the real gateway's.
import {natsServers} from './nats-env.mjs'
import {build, install} from './setup.mjs'
import {vitest} from './vitest.mjs'

install()
build()
const {passed, failed} = vitest('all', process.argv.slice(2), natsServers())
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
