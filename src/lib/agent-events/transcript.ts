import {hash} from 'node:crypto'
import {appendFileSync, mkdirSync} from 'node:fs'
import path from 'node:path'
import type {AgentEventPayload} from './agent-events.ts'

/** File systems take 255 bytes, the ending included. */
const maxNameLength = 240

/**
 * A record that appends each event as one JSON line to `<folder>/<session key>.jsonl` (0600, folder 0700). It writes at
 * once and waits for it: what was emitted survives a kill of the process. An event without a session goes to the file
 * of its run. Throws what the file system says.
 */
export function transcriptRecord(folder: string): (event: AgentEventPayload) => void {
  let made = false
  return (event) => {
    if (!made) mkdirSync(folder, {recursive: true, mode: 0o700})
    made = true
    const name = event.sessionKey ?? `run:${event.runId}`
    appendFileSync(path.join(folder, `${fileNameOf(name)}.jsonl`), `${JSON.stringify(event)}\n`, {mode: 0o600})
  }
}

/** A plain file name and never a path: all but letters, digits, `_` and `-` as `%XX`; a very long one ends in its hash. */
function fileNameOf(key: string): string {
  const name = Buffer.from(key)
    .toString('latin1')
    .replaceAll(/[^\w-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength - 65)}-${hash('sha256', key)}`
}
