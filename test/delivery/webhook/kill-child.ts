// Runs webhook sinks on a log and a state store until it is killed. It is told where by its first argument, and to begin
// by any input, so that a test can have one ready.
import {once} from 'node:events'
import path from 'node:path'
import {runSinks} from '../../../src/lib/delivery/run-sinks.ts'
import {openSqliteState} from '../../../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {sinksFor} from './endpoints.ts'

const {folder, webhooks} = JSON.parse(process.argv[2]!)
await import('undici')
const [store, state] = await Promise.all([openSqliteStore(path.join(folder, 'events.db')), openSqliteState(folder)])
const sinks = await sinksFor({webhooks, retry: {maxAttempts: 10}, timeoutMs: 400})
process.send!('ready')
await once(process, 'message')
const say = (message: string) => process.stderr.write(`${message}\n`)
const stop = new AbortController()
process.once('disconnect', () => stop.abort())
await runSinks({
  sinks,
  role: 'test',
  store,
  state,
  log: 'test',
  diagnostics: {debug: () => undefined, info: () => undefined, warn: () => undefined, error: say},
  signal: stop.signal,
  now: Date.now,
  startAt: 'start',
  report: async () => undefined,
})
await store.close()
await state.close()
