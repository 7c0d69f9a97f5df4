import {readFileSync} from 'node:fs'
import path from 'node:path'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'

/** Events of a run that a real host made, as capture records them. */
export function recorded(name: string): ClawEvent[] {
  const file = path.join(import.meta.dirname, '..', 'fixtures', 'runs', `${name}.ndjson`)
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
