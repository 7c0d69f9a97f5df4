// dist/: one bundled file per command with shared chunks (a start reads two or three files instead of hundreds), the
// library, its types, oclif's manifest and every help text, so that `--help` needs no oclif at all.
import {execFileSync} from 'node:child_process'
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import esbuild from 'esbuild'
import {root} from './setup.mjs'

process.chdir(root)
rmSync('dist', {recursive: true, force: true})

const {metafile} = await esbuild.build({
  entryPoints: ['src/index.ts', 'src/cli/main.ts', ...filesUnder('src/commands')],
  outdir: 'dist',
  outbase: 'src',
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
})
writeFileSync('dist/THIRD_PARTY_LICENSES.txt', licenses(metafile))
execFileSync(path.join('node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.types.json'], {stdio: 'inherit'})

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
