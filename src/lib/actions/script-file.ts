import {constants} from 'node:fs'
import {lstat, open, readlink, realpath} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** A script that lies in an allowed directory. */
export interface ScriptFile {
  realPath: string
  /** What to start it by: its name in the folder that was checked. */
  command: string
  /** That folder, held open: it stays the same though its path may come to lead elsewhere. */
  cwd: string
  /** Whether the file in the folder is still the one that was checked. */
  isUnchanged(): Promise<boolean>
  close(): Promise<void>
}

export class ScriptRefused extends Error {}

/**
 * Finds a script whose real path lies in the real path of an allowed directory: links that lead out of one are
 * refused. Its folder is opened and checked again, so that nobody can exchange it before the script is started. Throws
 * `ScriptRefused`, or the file system's own error.
 */
export async function openScript(
  written: string,
  allowedDirs: readonly string[],
  stateDir: string,
): Promise<ScriptFile> {
  const configured = resolvePath(written, stateDir)
  const folder = await openFolder(path.dirname(await realpath(configured)))
  try {
    const name = path.basename(await realpath(configured))
    const dirs = await Promise.all(
      allowedDirs.map((dir) => realpath(resolvePath(dir, stateDir)).catch(() => undefined)),
    )
    const realPath = path.join(folder.path, name)
    if (!dirs.some((dir) => dir !== undefined && isInside(realPath, dir))) {
      throw new ScriptRefused(`Script path is not allowed: ${configured}`)
    }
    const file = path.join(folder.cwd, name)
    const {dev, ino} = await lstat(file, {bigint: true})
    const isUnchanged = async () => {
      const now = await lstat(file, {bigint: true}).catch(() => undefined)
      return now?.dev === dev && now.ino === ino && now.isFile()
    }
    if (!(await isUnchanged())) throw new ScriptRefused(`Script path is not allowed: ${configured} is not a file`)
    return {realPath, command: `./${name}`, cwd: folder.cwd, isUnchanged, close: folder.close}
  } catch (error) {
    await folder.close()
    throw error
  }
}

/** Opens a folder. On Linux the system itself says where it is, whatever happens to its path. */
async function openFolder(dir: string): Promise<{path: string; cwd: string; close: () => Promise<void>}> {
  if (process.platform !== 'linux') return {path: dir, cwd: dir, close: async () => undefined}
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  const cwd = `/proc/self/fd/${handle.fd}`
  return {path: await readlink(cwd), cwd, close: () => handle.close()}
}

function resolvePath(written: string, stateDir: string): string {
  const fromHome = written === '~' || written.startsWith('~/') ? path.join(os.homedir(), written.slice(1)) : written
  return path.resolve(stateDir, fromHome)
}

function isInside(file: string, dir: string): boolean {
  const relative = path.relative(dir, file)
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}
