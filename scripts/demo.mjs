// `npm run demo`: the main job on the sample workspace, with no server and nothing to configure.
import {spawn, spawnSync} from 'node:child_process'
import {cpSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {build, install, root} from './setup.mjs'

install()
build()

const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-demo-'))
const bin = path.join(root, 'bin', 'run.js')
const env = {...process.env, OPENCLAW_STATE_DIR: path.join(folder, 'state'), XDG_CACHE_HOME: path.join(folder, 'cache')}
delete env.CLAW_EVENTS_STORE
cpSync(path.join(root, 'examples', 'workspace'), path.join(folder, 'state', 'workspace'), {recursive: true})
const stop = (code) => {
  rmSync(folder, {recursive: true, force: true})
  process.exit(code)
}
process.on('SIGINT', () => stop(130))

say('An event log of your own: one file, no server.')
step('stream', 'init')
say("An agent's memory files become events. A second run adds nothing.")
step('migrate')
step('migrate')
say('Find things again: by type, by word, by count.')
step('query', '--type', 'memory.daily_note', '--limit', '5')
step('query', '--text', 'sencha assam', '--limit', '4')
step('query', '--by', 'type')
say('Watch live: four seconds of tail, while another process records events.')
await liveTail()
say('What other tools recorded is taken in, whatever its dialect; a run is shown as a tree, agents with what they do.')
step('import', examples('other-tools.ndjson'))
step('replay', '--run', 'run-tea')
step('status', '--since', '2026-11-20')
say('What a guard policy would have done to captured calls, and what a better one changes.')
step('toolguard', 'replay', examples('calls.ndjson'), '--config', examples('guard/first.json'))
step(
  'toolguard',
  'replay',
  examples('calls.ndjson'),
  '--config',
  examples('guard/second.json'),
  '--against',
  examples('guard/first.json'),
)
say('What the agent would remember when it is asked this.')
step('context', 'preview', '--agent', 'main', '--prompt', 'Which tea does Mara drink?', '--budget', '300')
say('Nothing in the log is missing, changed or swapped. A backup has a manifest with checksums.')
step('stream', 'verify')
step('export', path.join(folder, 'backup.ndjson.zst'))
say(
  'That was all of it in a temporary folder, which is gone now. Yours: claw-events stream init && claw-events migrate',
)
stop(0)

function examples(name) {
  return path.relative(process.cwd(), path.join(root, 'examples', name))
}

function say(text) {
  console.log(`\n# ${text}`)
}

function show(args) {
  console.log(`$ claw-events ${args.map((arg) => (/^[\w./:-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')}`)
}

function step(...args) {
  show(args)
  const {status} = spawnSync(process.execPath, [bin, ...args], {stdio: 'inherit', env})
  if (status !== 0) {
    console.error(`the demo failed at: claw-events ${args.join(' ')}`)
    stop(1)
  }
}

async function liveTail() {
  const args = ['tail', '--last', '0', '--for', '4s']
  show(args)
  const tail = spawn(process.execPath, [bin, ...args], {stdio: ['ignore', 'inherit', 'pipe'], env})
  const ended = new Promise((resolve) => tail.on('exit', resolve))
  await new Promise((resolve) => tail.stderr.once('data', resolve))
  for (const [type, data] of [
    ['deploy.started', {text: 'release 1.4.2 to staging'}],
    ['deploy.finished', {text: 'release 1.4.2 is live', durationMs: 41_200}],
  ]) {
    spawnSync(process.execPath, [bin, 'emit', '--type', type, '--agent', 'main', '--data', JSON.stringify(data)], {env})
  }
  if ((await ended) !== 0) stop(1)
}
