import {spawn} from 'node:child_process'
import {once} from 'node:events'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'

/** A call that gives an `EventStore` in any process: `(await import(module))[call](...args)`; arguments are JSON. */
export interface Opener {
  module: string
  call: string
  args: unknown[]
}

const child = new URL('./append-child.ts', import.meta.url)

/** Appends `events` from a process of its own, in calls of `batch` events; fails when that process fails. */
export async function appendInAnotherProcess(opener: Opener, events: readonly ClawEvent[], batch = 10): Promise<void> {
  const writer = spawn(process.execPath, [child.pathname, JSON.stringify({opener, batch})], {
    stdio: ['pipe', 'inherit', 'pipe'],
  })
  let complaint = ''
  writer.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  writer.stdin.end(JSON.stringify(events))
  const [code] = await once(writer, 'close')
  if (code !== 0) throw new Error(`the other writer ended with ${code}: ${complaint}`)
}
