// `npm run check`: types, lint, architecture and unit tests; what to run before every commit.
import path from 'node:path'
import {install, root, run} from './setup.mjs'
import {vitest} from './vitest.mjs'

install()
const bin = (name) => path.join(root, 'node_modules', '.bin', name)
run(bin('tsc'), [])
run(bin('biome'), ['check', '--error-on-warnings', '.'])
const {passed, failed} = vitest('unit', ['unit.test', 'architecture.test'])
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
