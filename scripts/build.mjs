// dist/: the commands in one bundled file, with chunks for what only some of them load (a start reads a handful of files
// instead of hundreds), the library, its types, the plugin's entry and its manifest, oclif's manifest and every help text,
// so that `--help` needs no oclif.
import {execFileSync} from 'node:child_process'
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import esbuild from 'esbuild'
import {root} from './setup.mjs'

process.chdir(root)
rmSync('dist', {recursive: true, force: true})

const options = {
  entryPoints: {
    index: 'src/index.ts',
    'cli/main': 'src/cli/main.ts',
    'plugin/index': 'src/plugin/index.ts',
    commands: 'all-commands',
  },
  plugins: [allCommands(), lazyBuiltins(), quickOclif()],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // oclif and cli-table3 are CommonJS and look for `require` and `__dirname` in the module that holds them.
  banner: {
    js: [
      `import {createRequire as $createRequire} from 'node:module'`,
      `const require = $createRequire(import.meta.url)`,
      `const __filename = import.meta.filename, __dirname = import.meta.dirname`,
    ].join(';'),
  },
}
const first = await esbuild.build({...options, write: false})
const {metafile} = await esbuild.build({...options, plugins: [...options.plugins, startTogether(first.metafile)]})
assertQuickStart(metafile)
writeFileSync('dist/THIRD_PARTY_LICENSES.txt', licenses(metafile))
execFileSync(path.join('node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.types.json'], {stdio: 'inherit'})
execFileSync(process.execPath, [path.join('scripts', 'plugin-manifest.ts')], {stdio: 'inherit'})

const {Config, Help, Plugin} = await import('@oclif/core')
rmSync('oclif.manifest.json', {force: true})
const plugin = new Plugin({root, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true})
await plugin.load()
writeFileSync('oclif.manifest.json', `${JSON.stringify(plugin.manifest, null, 2)}\n`)
writeFileSync('dist/help.json', JSON.stringify(await helpTexts()))

/** What `--help` shows for each command and topic by its words, `''` being the root: the same bytes everywhere. */
async function helpTexts() {
  process.env.NO_COLOR = '1'
  const config = await Config.load({root})
  const names = ['', ...config.topics.map(({name}) => name), ...config.commandIDs]
  const texts = {}
  for (const name of names) {
    const lines = []
    class Lines extends Help {
      log(...args) {
        lines.push(args.join(' '))
      }
    }
    await new Lines(config, {...config.pjson.oclif.helpOptions, maxWidth: 100}).showHelp(name === '' ? [] : [name])
    // The platform and Node that built this say nothing about those that show it.
    const text = lines.join('\n').replace(config.userAgent, `${config.bin}/${config.version}`)
    texts[name.replaceAll(':', ' ')] = `${text.trimEnd()}\n`
  }
  return texts
}

/**
 * esbuild puts together what the same entries lead to, and everything that is imported later is an entry of its own: what
 * every command starts with would lie in a hundred small files, a quarter of a millisecond each. So whatever is imported
 * later imports all of it, too, which by then is loaded anyway.
 */
function startTogether({outputs}) {
  const isOurs = (file) => file.startsWith('src/')
  const start = inputsLoadedBy('dist/commands.js', outputs).filter(isOurs)
  const known = new Set([...start, ...Object.values(options.entryPoints)])
  const later = new Set(
    Object.values(outputs)
      .map(({entryPoint}) => entryPoint)
      .filter((file) => file !== undefined && isOurs(file) && !known.has(file)),
  )
  const contents = start.map((file) => `import './${file}'`).join('\n')
  return {
    name: 'start-together',
    setup(build) {
      build.onResolve({filter: /^start-together$/}, ({path: file}) => ({path: file, namespace: 'start'}))
      build.onLoad({filter: /.*/, namespace: 'start'}, () => ({contents, resolveDir: root}))
      build.onLoad({filter: /\.ts$/}, ({path: file}) =>
        later.has(path.relative(root, file).split(path.sep).join('/'))
          ? {contents: `import 'start-together'\n${readFileSync(file, 'utf8')}`, loader: 'ts'}
          : undefined,
      )
    },
  }
}

/**
 * Every command loads dist/commands.js, and every start of OpenClaw several copies of dist/plugin/index.js, so what is
 * dear to load must be imported where it is used.
 */
function assertQuickStart({outputs}) {
  const dear = [
    'cli-table3',
    '@bufbuild/cel',
    '@nats-io',
    'gpt-tokenizer',
    'inquirer',
    're2js',
    'unbash',
    'yaml',
    'zod',
    'cli-progress',
  ]
  const fromCommands = loadedBy('dist/commands.js', outputs, dear)
  if (fromCommands.length > 0)
    throw new Error(
      `every command would load ${fromCommands.join(', ')}: import it in the run of the command that needs it`,
    )
  const fromPlugin = loadedBy('dist/plugin/index.js', outputs, [...dear, '@oclif', 'chalk', 'undici', 'ws', 'json5'])
  if (fromPlugin.length > 0)
    throw new Error(`the plugin's entry would load ${fromPlugin.join(', ')}: import it where it is first needed`)
}

/** Which of the packages are in what an entry loads before anything of it runs. */
function loadedBy(entry, outputs, packages) {
  const inputs = inputsLoadedBy(entry, outputs)
  return packages.filter((name) => inputs.some((input) => input.includes(`node_modules/${name}/`)))
}

function inputsLoadedBy(entry, outputs) {
  const closure = new Set()
  const visit = (file) => {
    if (closure.has(file)) return
    closure.add(file)
    for (const {path: next, kind} of outputs[file].imports)
      if (kind === 'import-statement' && outputs[next]) visit(next)
  }
  visit(entry)
  return [...closure].flatMap((file) =>
    Object.entries(outputs[file].inputs)
      .filter(([, {bytesInOutput}]) => bytesInOutput > 0)
      .map(([input]) => input),
  )
}

/** The entry that oclif's `explicit` strategy loads: every file under src/commands by its id. */
function allCommands() {
  const files = filesUnder('src/commands')
  const id = (file) => path.relative('src/commands', file).replace(/\.ts$/, '').split(path.sep).join(':')
  const imports = files.map((file, index) => `import command${index} from './${file.split(path.sep).join('/')}'`)
  const entries = files.map((file, index) => `${JSON.stringify(id(file))}: command${index}`)
  const contents = `${imports.join('\n')}\nexport default {${entries.join(', ')}}`
  return virtual('all-commands', contents)
}

/**
 * Node's own modules are fetched when something of them is first used: `node:crypto` alone costs as much to load as all
 * of our code, and an import of `node:fs` as an ES module loads its streams, too.
 */
function lazyBuiltins() {
  return {
    name: 'lazy-builtins',
    setup(build) {
      build.onResolve({filter: /^node:/}, ({path: name, kind}) =>
        kind === 'import-statement' && name !== 'node:module' ? {path: name, namespace: 'builtin'} : undefined,
      )
      build.onLoad({filter: /.*/, namespace: 'builtin'}, async ({path: name}) => {
        const names = Object.keys(process.getBuiltinModule(name)).filter((key) => key !== 'default')
        const contents = `let loaded
          for (const name of ${JSON.stringify(names)}) {
            Object.defineProperty(exports, name, {enumerable: true, get: () => (loaded ??= process.getBuiltinModule('${name}'))[name]})
          }`
        return {contents, loader: 'js'}
      })
    },
  }
}

/**
 * What oclif loads at every start and our command line never asks it for: glob libraries for plugins and commands
 * without a manifest, whether the shell is PowerShell under WSL, its debug log (DEBUG shows our own errors' stacks),
 * and the parts of its index that we do not import.
 */
function quickOclif() {
  const os = `const os = require('node:os')
    exports.getHomeDir = () => os.homedir()
    exports.getPlatform = async () => os.platform()
    exports.getShell = async () => (process.env.SHELL ?? process.env.COMSPEC ?? 'unknown').split(/[\\\\/]/).at(-1)`
  const instead = {
    tinyglobby: 'export {}',
    minimatch: 'export {}',
    lilconfig: 'export {}',
    debug: `const silent = Object.assign(() => undefined, {enabled: false, extend: () => silent})
      module.exports = () => silent`,
    'node:perf_hooks': `for (const name of ['performance', 'PerformanceObserver'])
      Object.defineProperty(exports, name, {get: () => globalThis[name]})`,
    'node:fs/promises': `const fs = require('node:fs')
      for (const name of ['access', 'readdir', 'readFile', 'stat'])
        exports[name] = async (...args) => fs[name + 'Sync'](...args)`,
    'node:readline': `exports.createInterface = (...args) => require('node:readline').createInterface(...args)`,
    '../util/os': os,
    './os': os,
  }
  // The manifest holds the commands in order, and to compare two by a locale loads the data of all locales.
  const localeSort = '.sort((a, b) => a.id.localeCompare(b.id))'
  const face = `import {Command} from '@oclif/core/command'
    import {Config} from '@oclif/core/config'
    import * as Args from '@oclif/core/args'
    import * as Flags from '@oclif/core/flags'
    import {run} from '@oclif/core/run'
    export {Args, Command, Config, Flags, run}`
  return {
    name: 'quick-oclif',
    setup(build) {
      build.onResolve({filter: /^@oclif\/core$/}, () => ({path: 'face', namespace: 'oclif'}))
      build.onResolve({filter: /.*/}, ({path: file, importer, namespace}) =>
        namespace === 'file' && importer.includes('/@oclif/core/lib/') && Object.hasOwn(instead, file)
          ? {path: file, namespace: 'oclif'}
          : undefined,
      )
      build.onLoad({filter: /.*/, namespace: 'oclif'}, ({path: file}) => ({
        contents: file === 'face' ? face : instead[file],
        resolveDir: root,
        loader: 'js',
      }))
      build.onLoad({filter: /@oclif\/core\/lib\/config\/plugin\.js$/}, ({path: file}) => {
        const contents = readFileSync(file, 'utf8')
        if (!contents.includes(localeSort)) throw new Error(`oclif no longer sorts its commands by ${localeSort}`)
        return {contents: contents.replace(localeSort, ''), loader: 'js'}
      })
    },
  }
}

function virtual(name, contents) {
  return {
    name,
    setup(build) {
      build.onResolve({filter: new RegExp(`^${name}$`)}, () => ({path: name, namespace: name}))
      build.onLoad({filter: /.*/, namespace: name}, () => ({contents, resolveDir: root}))
    },
  }
}

function filesUnder(folder) {
  return readdirSync(folder, {recursive: true})
    .map((name) => path.join(folder, name))
    .filter((name) => name.endsWith('.ts'))
    .sort()
}

/** The licence texts of everything that was bundled: their terms ask for them beside the copies. */
function licenses({inputs}) {
  const packages = new Set()
  for (const input of Object.keys(inputs)) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (match) packages.add(match[1])
  }
  return [...packages].sort().map(licenseOf).join('\n')
}

function licenseOf(folder) {
  const {name, version, license} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return `${name} ${version} (${license})\n\n${file ? readFileSync(path.join(folder, file), 'utf8') : ''}\n`
}
