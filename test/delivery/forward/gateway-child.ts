import path from 'node:path'
import {createRecorder} from '../../../src/lib/capture/recorder.ts'
import {createForwarder} from '../../../src/lib/delivery/forward/sink.ts'
import {runSinks} from '../../../src/lib/delivery/run-sinks.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import {openSqliteState} from '../../../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {event} from '../../contracts/event-store/events.ts'

// What a gateway does: records events of three sessions and forwards them, until it is killed. Prints what it records.
const {folder, options, life, burst} = JSON.parse(process.argv[2] ?? '')
const silent = () => undefined
const diagnostics = {debug: silent, info: silent, warn: silent, error: silent}
const open = () => openSqliteStore(path.join(folder, 'events.db'))
const recorder = createRecorder({openStore: open, queueLimit: 5000, diagnostics, now: Date.now})
const running = runSinks({
  sinks: [
    createForwarder({
      name: 'default',
      openTarget: () => openNatsStore(options),
      nameTarget: async () => 'the stream',
      retry: {firstMs: 50, longestMs: 200},
    }),
  ],
  role: 'gateway',
  store: await open(),
  log: 'test',
  state: await openSqliteState(folder),
  diagnostics,
  signal: new AbortController().signal,
  now: Date.now,
  startAt: 'now',
  report: async () => undefined,
})
running.catch((error) => process.stderr.write(`${error}\n`))
process.stdout.write('.')
for (let n = 0; ; n++) {
  const sessionKey = `agent:main:${n % 3}`
  recorder.record([event(`${life}-${n}`, {sessionKey, data: {text: 'x'.repeat(n % 2000)}})])
  if (n % burst === 0) await new Promise((resolve) => setTimeout(resolve, 4))
}
