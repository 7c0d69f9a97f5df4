import {writeSync} from 'node:fs'
import {createRecorder} from '../../src/lib/capture/recorder.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {event} from '../contracts/event-store/events.ts'

// Records until it is killed, and prints the number of the last event that was committed.
const [file = '', name = ''] = process.argv.slice(2)
const silent = () => undefined
const recorder = createRecorder({
  openStore: () => openSqliteStore(file),
  queueLimit: 1000,
  diagnostics: {debug: silent, info: silent, warn: silent, error: silent},
  now: Date.now,
})
for (let n = 0; ; n++) {
  recorder.record([event(`${name}-${n}`)])
  await recorder.committed(10_000)
  writeSync(1, `${n}\n`)
}
