// `.ci/run`: `npm test`, types and lint, then what is too slow for every day. Ends with the counts of all of it.
import {spawn} from 'node:child_process'
import {root} from './setup.mjs'

const steps = ['test', 'check', 'demo', 'test:package', 'test:cluster', 'test:browser', 'soak', 'test:openclaw']
let passed = 0
let failed = 0
for (const step of steps) {
  console.log(`\n== npm run ${step}`)
  const {code, stdout} = await npmRun(step)
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(stdout)
  passed += counts ? Number(counts[1]) : Number(code === 0)
  failed += counts ? Math.max(Number(counts[2]), Number(code !== 0)) : Number(code !== 0)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** Runs a script with its output shown as it comes, and kept. */
function npmRun(script) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', script], {cwd: root, stdio: ['ignore', 'pipe', 'inherit']})
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      process.stdout.write(text)
    })
    child.on('close', (code) => resolve({code, stdout}))
  })
}
