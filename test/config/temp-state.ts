import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll} from 'vitest'

const folders: string[] = []

/** A state directory of its own with these files (objects become JSON); removed when the file's tests are over. */
export function tempState(files: Record<string, unknown> = {}): string {
  const state = mkdtempSync(path.join(tmpdir(), 'claw-config-'))
  folders.push(state)
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(state, name)
    mkdirSync(path.dirname(file), {recursive: true})
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    chmodSync(file, 0o600)
  }
  return state
}

/** An openclaw.json with this configuration of our plugin. */
export function hostFile(config: unknown, id = 'claw-events'): Record<string, unknown> {
  return {'openclaw.json': {plugins: {entries: {[id]: {enabled: true, config}}}}}
}

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, {recursive: true, force: true})
})
