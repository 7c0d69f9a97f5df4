// `.ci/run`: `npm test`, types and lint, then what is too slow for every day. Ends with the counts of all of it.
import {spawnSync} from 'node:child_process'
import {root} from './setup.mjs'

const steps = [
  ['npm', 'test'],
  ['npm', 'run', 'check'],
  ['npm', 'run', 'demo'],
  ['npm', 'run', 'test:package'],
]
let passed = 0
let failed = 0
for (const [command, ...args] of steps) {
  console.log(`\n== ${command} ${args.join(' ')}`)
  const {status, stdout} = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  process.stdout.write(stdout ?? '')
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(stdout ?? '')
  if (counts) {
    passed += Number(counts[1])
    failed += Math.max(Number(counts[2]), status === 0 ? 0 : 1)
  } else if (status === 0) passed++
  else failed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
