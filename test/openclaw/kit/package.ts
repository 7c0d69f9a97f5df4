import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {type Host, root} from './host.ts'

/** The tarball that users get, made once per run of the ring. */
export function packedPlugin(): string {
  return process.env.CLAW_EVENTS_TARBALL ?? packPlugin(mkdtempSync(path.join(tmpdir(), 'claw-tarball-')))
}

/** Packs what was built last. */
export function packPlugin(folder: string): string {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  const name = execFileSync('npm', args, {cwd: root, encoding: 'utf8'}).trim().split('\n').at(-1) ?? ''
  return path.join(folder, name)
}

/** Installs the tarball as a user does; the host installs its dependencies, without their install scripts. */
export async function installPlugin(host: Host, tarball: string): Promise<void> {
  const {code, stdout, stderr} = await host.run([
    'plugins',
    'install',
    `npm-pack:${tarball}`,
    '--accept-capabilities',
    '--force',
  ])
  if (code !== 0) throw new Error(`openclaw plugins install ended with ${code}:\n${stdout}\n${stderr}`)
}

/** The tarball unpacked, for `plugins.load.paths`, with the dependencies that were installed for this checkout. */
export function unpackPlugin(folder: string, tarball: string): string {
  mkdirSync(folder, {recursive: true})
  execFileSync('tar', ['xzf', tarball, '-C', folder])
  const plugin = path.join(folder, 'package')
  symlinkSync(path.join(root, 'node_modules'), path.join(plugin, 'node_modules'))
  return plugin
}
