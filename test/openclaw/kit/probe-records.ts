import {readFileSync} from 'node:fs'
import type {Host} from './host.ts'

/** One line of the probe: what the host did, as it was told. */
export interface ProbeRecord {
  n: number
  at: number
  pid: number
  /** Differs for every module graph that the host loaded the probe into. */
  generation: string
  mode: string
  kind: 'meta' | 'hook' | 'internal' | 'agent-event' | 'service' | 'approval'
  name: string
  event: Record<string, unknown>
  ctx?: Record<string, unknown>
}

/** Everything that the probe saw, oldest first. */
export function probeRecords({probeFile}: Pick<Host, 'probeFile'>): ProbeRecord[] {
  const lines = readFileSync(probeFile, 'utf8').split('\n')
  // The last line may still be written.
  return lines.slice(0, -1).map((line) => JSON.parse(line))
}
