import path from 'node:path'
import {security} from '../../../src/lib/config/schema/security.ts'
import {runSinks} from '../../../src/lib/delivery/run-sinks.ts'
import {createWebSocketSink} from '../../../src/lib/delivery/websocket/sink.ts'
import {openSqliteState} from '../../../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'

// Runs the sink while it is the owner, until it is killed; says so when it is.
const [folder = '', ...ports] = process.argv.slice(2)
const quiet = () => undefined
await runSinks({
  sinks: [
    createWebSocketSink({
      settings: {...security.parse({}).ws, ports: ports.map(Number)},
      outgoing: {wants: () => true, prepare: (event) => event},
      finish: (event) => event,
    }),
  ],
  store: await openSqliteStore(path.join(folder, 'events.db')),
  state: await openSqliteState(folder),
  log: 'the log',
  diagnostics: {debug: quiet, info: (message) => void process.stdout.write(`${message}\n`), warn: quiet, error: quiet},
  role: 'test',
  signal: new AbortController().signal,
  now: Date.now,
  startAt: 'now',
  report: async () => undefined,
})
