// `npm run test:package`: the tarball as a user gets it, installed globally into an empty prefix, without install
// scripts and with nothing of the checkout on PATH.
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {build, install, root} from './setup.mjs'

install()
build()
const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-package-'))
const node24 = path.join(root, 'node_modules', 'node', 'bin')
let passed = 0
let failed = 0

const packed = sh('npm pack --silent --ignore-scripts=false --pack-destination .', {cwd: folder, args: root})
check('npm pack builds a tarball', packed.status === 0, packed)
const tarball = path.join(folder, packed.stdout.trim().split('\n').at(-1))
const installed = sh(
  `npm install --global --prefix '${folder}/prefix' --ignore-scripts --no-audit --no-fund --silent '${tarball}'`,
)
check('npm install --global takes it', installed.status === 0, installed)

const env = {HOME: folder, PATH: `${node24}:/usr/bin:/bin`}
const claw = `${folder}/prefix/bin/claw-events`
const help = sh(`${claw} --help`, {env})
check('claw-events --help works', help.status === 0 && help.stdout.includes('migrate'), help)
const emitted = sh(`${claw} emit --type package.tested --data '{"text":"hello"}' && ${claw} query --ndjson`, {env})
check('emit and query work', emitted.status === 0 && emitted.stdout.includes('"package.tested"'), emitted)
const library = sh(
  `cd '${folder}/prefix/lib' && node --input-type=module -e "import {openStore} from 'claw-events'; const store = await openStore('sqlite:${folder}/.openclaw/claw-events/events.db'); console.log((await store.count({})).count)"`,
  {env},
)
check('the library can be imported', library.stdout.trim() === '1', library)
const old = sh(`/usr/bin/env -i HOME='${folder}' '${process.execPath}' ${claw} query`, {env: {PATH: '/usr/bin:/bin'}})
const tooOld = Number(process.versions.node.split('.')[0]) < 24
check(
  'an older Node is named in one line',
  !tooOld || (old.status === 1 && /needs Node\.js 24\.16/.test(old.stderr)),
  old,
)

rmSync(folder, {recursive: true, force: true})
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function sh(command, {cwd = folder, env = process.env, args = ''} = {}) {
  return spawnSync('bash', ['-c', `${command} ${args ? `'${args}'` : ''}`], {cwd, env, encoding: 'utf8'})
}

function check(name, ok, {stdout, stderr}) {
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`)
  if (ok) passed++
  else {
    failed++
    console.log(stdout, stderr)
  }
}
