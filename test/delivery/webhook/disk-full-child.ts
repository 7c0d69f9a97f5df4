// Delivers with its state store on a small disk that is full for a while, and prints what it saw.
import {closeSync, openSync, rmSync, writeSync} from 'node:fs'
import path from 'node:path'
import {setTimeout} from 'node:timers/promises'
import {openSqliteState} from '../../../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {notes, sinkFor} from './endpoints.ts'

const [disk, url] = process.argv.slice(2) as [string, string]
const store = await openSqliteStore(path.join(path.dirname(disk), 'events.db'))
const state = await openSqliteState(disk)
const sink = await sinkFor(url, {}, {config: {queue: {maxSize: 50}}})
const said: string[] = []
const say = (message: string) => void said.push(message)
const stop = new AbortController()
const running = sink.run({
  store,
  state,
  log: 'test',
  diagnostics: {debug: say, info: say, warn: say, error: say},
  signal: stop.signal,
  now: Date.now,
  startAt: 'start',
  report: async () => undefined,
})
while (sink.status().state !== 'running') await setTimeout(5)
const filler = path.join(disk, 'filler')
fill(filler)
await store.append(notes(500))
while (sink.status().state !== 'paused') await setTimeout(5)
const {reason} = sink.status()
// It stays so: the window is used up.
await setTimeout(300)
const {delivered: whileFull} = sink.status()
const cursorWhileFull = (await state.cursor('webhook:test'))?.position
rmSync(filler)
while (sink.status().delivered < 500) await setTimeout(5)
stop.abort()
await running
const cursor = (await state.cursor('webhook:test'))?.position
const isAtHead = cursor === (await store.head())
const counts = await state.countDeliveries('webhook:test')
process.stdout.write(JSON.stringify({reason, whileFull, cursorWhileFull, isAtHead, counts, said}))
await store.close()
await state.close()

function fill(file: string): void {
  const descriptor = openSync(file, 'w')
  try {
    for (let size = 65_536; size >= 1; ) {
      try {
        writeSync(descriptor, Buffer.alloc(size))
      } catch {
        size = Math.floor(size / 2)
      }
    }
  } finally {
    closeSync(descriptor)
  }
}
