// Obtains the two nats-server versions that the adapter must work with, without installing anything.
//   node scripts/nats-server.mjs current   prints the path of the newest server that can be had
//   node scripts/nats-server.mjs 2.9       prints the path of the oldest one that is supported
//   node scripts/nats-server.mjs all       prints both, as JSON that can be used as environment
// Looked for in this order: NATS_SERVER (counts as "current"), PATH, .cache/nats, Debian's package.
// Plain JavaScript without dependencies: it runs on the machine's own Node.
import {spawnSync} from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const cache = path.join(root, '.cache', 'nats')

/** Debian suites to try, best first. 2.9 is what bookworm has, whatever the machine itself runs. */
const suites = {current: ['sid', 'forky', 'trixie'], 2.9: ['bookworm']}
const debianSuites = /^(sid|unstable|testing|stable|oldstable|bullseye|bookworm|trixie|forky)$/

class Unobtainable extends Error {}

try {
  const [wanted = 'current'] = process.argv.slice(2)
  if (wanted === 'all') console.log(JSON.stringify({NATS_SERVER: obtain('current'), NATS_SERVER_2_9: obtain('2.9')}))
  else if (Object.hasOwn(suites, wanted)) console.log(obtain(wanted))
  else throw new Unobtainable(`nats-server.mjs takes current, 2.9 or all, not "${wanted}"`)
} catch (error) {
  if (!(error instanceof Unobtainable)) throw error
  console.error(error.message)
  process.exitCode = 1
}

function obtain(wanted) {
  const given = wanted === 'current' ? process.env.NATS_SERVER : process.env.NATS_SERVER_2_9
  if (given) {
    if (versionOf(given)) return given
    throw new Unobtainable(`NATS_SERVER names ${given}, which is no nats-server that runs here`)
  }
  return onPath(wanted) ?? cached(wanted) ?? download(wanted)
}

/** [major, minor] of a server binary; undefined when it does not run. */
function versionOf(binary) {
  const {stdout} = spawnSync(binary, ['--version'], {encoding: 'utf8'})
  const [, major, minor] = /v(\d+)\.(\d+)\./.exec(stdout ?? '') ?? []
  return major && [Number(major), Number(minor)]
}

function fits(wanted, binary) {
  const [major, minor] = versionOf(binary) ?? [0, 0]
  return wanted === '2.9' ? major === 2 && minor === 9 : major > 2 || (major === 2 && minor >= 10)
}

function onPath(wanted) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .concat('/usr/sbin')
    .map((folder) => path.join(folder, 'nats-server'))
    .find((binary) => isExecutable(binary) && fits(wanted, binary))
}

function cached(wanted) {
  return suites[wanted]
    .map((suite) => path.join(cache, suite, 'nats-server'))
    .find((binary) => isExecutable(binary) && fits(wanted, binary))
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function download(wanted) {
  const failures = []
  const archive = debianArchive()
  for (const suite of suites[wanted]) {
    const failure = fetchFrom(suite, archive)
    const binary = path.join(cache, suite, 'nats-server')
    if (failure === undefined && fits(wanted, binary)) return binary
    failures.push(`${suite}: ${failure ?? 'its version does not fit'}`)
  }
  throw new Unobtainable(
    `nats-server ${wanted} cannot be had from Debian's packages (${failures.join('; ')}): set NATS_SERVER to a nats-server binary`,
  )
}

/** Takes the package of one suite apart in a private folder; what went wrong, or undefined. */
function fetchFrom(suite, {uri, signedBy}) {
  mkdirSync(cache, {recursive: true})
  const work = mkdtempSync(path.join(cache, 'fetch-'))
  try {
    for (const folder of ['lists/partial', 'archives/partial', 'out'])
      mkdirSync(path.join(work, folder), {recursive: true})
    const sources = path.join(work, 'debian.sources')
    const lines = [
      'Types: deb',
      `URIs: ${uri}`,
      `Suites: ${suite}`,
      'Components: main',
      ...(signedBy ? [`Signed-By: ${signedBy}`] : []),
    ]
    writeFileSync(sources, `${lines.join('\n')}\n`)
    const options = aptOptions(work, sources)
    const out = path.join(work, 'out')
    const steps = [
      () => run('apt-get', [...options, 'update'], out),
      () => run('apt-get', [...options, 'download', 'nats-server'], out),
      () =>
        run('dpkg-deb', ['-x', path.join(out, readdirSync(out).find((name) => name.endsWith('.deb')) ?? ''), out], out),
    ]
    for (const step of steps) {
      const failure = step()
      if (failure !== undefined) return failure
    }
    // Moved as one, so that two runs at the same time never see half a folder.
    const ready = mkdtempSync(path.join(cache, 'ready-'))
    renameSync(path.join(out, 'usr', 'sbin', 'nats-server'), path.join(ready, 'nats-server'))
    rmSync(path.join(cache, suite), {recursive: true, force: true})
    renameSync(ready, path.join(cache, suite))
    return undefined
  } finally {
    rmSync(work, {recursive: true, force: true})
  }
}

/** Everything that apt writes goes to the private folder, so that neither root nor the machine's lists are needed. */
function aptOptions(work, sources) {
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.join(work, 'lists'),
    'Dir::Cache': work,
    'Dir::Cache::archives': path.join(work, 'archives'),
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
    'APT::Update::Post-Invoke-Success': '',
    'Acquire::Languages': 'none',
    'Acquire::PDiffs': 'false',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '30',
    'Acquire::https::Timeout': '30',
  }
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}

function run(command, args, cwd) {
  const {status, stdout, stderr, error} = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: {...process.env, LC_ALL: 'C'},
  })
  if (status === 0) return undefined
  if (error) return `${command}: ${error.message}`
  const complaints = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim())
  return (
    complaints.find((line) => line.startsWith('E:')) ??
    complaints.find((line) => line !== '') ??
    `${command} ended with ${status}`
  )
}

/** The archive that this machine's own apt uses: no host is named here. */
function debianArchive() {
  const found = aptSourceFiles()
    .flatMap(({file, text}) => (file.endsWith('.sources') ? stanzasOf(text) : oneLinersOf(text)))
    .find(
      ({uri, suites: names, components}) =>
        /^https?:/.test(uri) && components.includes('main') && names.some((name) => debianSuites.test(name)),
    )
  if (found) return found
  throw new Unobtainable(
    'nats-server cannot be had: this machine has no apt source of a Debian archive; set NATS_SERVER to a nats-server binary',
  )
}

function aptSourceFiles() {
  const parts = '/etc/apt/sources.list.d'
  const names = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name)) : []
  return ['/etc/apt/sources.list', ...names.sort().map((name) => path.join(parts, name))]
    .filter((file) => existsSync(file))
    .map((file) => ({file, text: readFileSync(file, 'utf8')}))
}

/** deb822 stanzas; continued lines (keys written in place) stay part of their field. */
function stanzasOf(text) {
  const stanzas = text.replace(/^#.*\n/gm, '').split(/\n\s*\n/)
  return stanzas.map((stanza) => {
    const field = (name) => new RegExp(`^${name}:[ \\t]*((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trimEnd()
    const list = (name) => (field(name) ?? '').split(/\s+/).filter(Boolean)
    return {
      uri: list('URIs')[0] ?? '',
      suites: list('Suites'),
      components: list('Components'),
      signedBy: field('Signed-By'),
    }
  })
}

function oneLinersOf(text) {
  return [...text.matchAll(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/gm)].map(
    ([, options = '', uri, suite, components]) => ({
      uri,
      suites: [suite],
      components: components.split(/\s+/),
      signedBy: /signed-by=(\S+)/.exec(options)?.[1],
    }),
  )
}
