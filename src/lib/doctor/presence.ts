import {randomUUID} from 'node:crypto'
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises'
import path from 'node:path'

/** What the plugin says of itself when it is loaded, for `doctor`: a file beside the log. */
export interface Presence {
  pid: number
  /** RFC 3339: when the configuration in force was read. */
  loadedAt: string
  /** Our release. */
  version: string
  /** What the host says its state directory is; undefined where it does not say. */
  hostStateDir?: string
  hostVersion?: string
  /** How often `register` was called, by the host's mode. */
  registrations: Record<string, number>
  guard: {
    enabled: boolean
    dryRun: boolean
    rules: number /** Why everything is blocked. */
    fault?: string
  }
  faults: number
}

const fileOf = (stateDir: string) => path.join(stateDir, 'claw-events', 'plugin.json')

/** Written beside and renamed, so that nobody reads half of it. */
export async function writePresence(stateDir: string, presence: Presence): Promise<void> {
  const file = fileOf(stateDir)
  const made = `${file}.${randomUUID()}`
  await mkdir(path.dirname(file), {recursive: true, mode: 0o700})
  await writeFile(made, `${JSON.stringify(presence, null, 2)}\n`, {mode: 0o600})
  await rename(made, file)
}

/** Undefined where the plugin was never loaded, or what it wrote cannot be read. */
export async function readPresence(stateDir: string): Promise<Presence | undefined> {
  try {
    const value = JSON.parse(await readFile(fileOf(stateDir), 'utf8'))
    const isPresence =
      typeof value?.pid === 'number' && typeof value.loadedAt === 'string' && typeof value.guard === 'object'
    return isPresence ? value : undefined
  } catch {
    return undefined
  }
}
