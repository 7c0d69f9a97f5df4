// The README's shown commands, run for real. `node scripts/readme.mjs` writes their true output into the README; a
// test runs the same code and fails when the README shows something else.
import {spawnSync} from 'node:child_process'
import {chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const fence = /^```console\n([\s\S]*?)^```$/gm

/** Runs every `$ command` of every console block, in order, in one fresh folder; returns the README with its output. */
export function rerun(readme) {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-readme-'))
  try {
    const env = environment(folder)
    return readme.replace(fence, (_, block) => {
      const commands = block.split('\n').filter((line) => line.startsWith('$ '))
      return `\`\`\`console\n${commands.map((line) => `${line}\n${outputOf(line.slice(2), folder, env)}`).join('')}\`\`\``
    })
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

/** What differs from run to run and machine to machine: ids, times of this run, sizes, folders. */
export function withoutChance(text) {
  return text
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>')
    .replaceAll(/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<time>')
    .replaceAll(/\b[\d.]+ [kMG]?B\b/g, '<size>')
}

function environment(folder) {
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  const node = path.join(root, 'node_modules', '.bin')
  writeFileSync(
    path.join(bin, 'claw-events'),
    `#!/bin/sh\nexec '${path.join(node, 'node')}' '${path.join(root, 'bin', 'run.js')}' "$@"\n`,
  )
  chmodSync(path.join(bin, 'claw-events'), 0o755)
  cpSync(path.join(root, 'examples'), path.join(folder, 'examples'), {recursive: true})
  cpSync(path.join(root, 'examples', 'workspace'), path.join(folder, '.openclaw', 'workspace'), {recursive: true})
  return {PATH: `${bin}:${process.env.PATH}`, HOME: folder, XDG_CACHE_HOME: path.join(root, '.cache', 'test-cache')}
}

function outputOf(command, folder, env) {
  const {stdout, stderr} = spawnSync('bash', ['-c', `{ ${command}\n} 2>&1`], {cwd: folder, env, encoding: 'utf8'})
  return `${stdout}${stderr}`.replaceAll(folder, '~')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = path.join(root, 'README.md')
  writeFileSync(file, rerun(readFileSync(file, 'utf8')))
}
