// `npm run bench [-- NAME …]`: every claim measured beside its peer or limit in this run. Needs a quiet machine. With
// `--write` the rows go into docs/performance.md, each at the place of the one before it.
import {type BenchRow, rowText} from './harness.ts'
import {writeTable} from './table.ts'

const benches: Record<string, () => Promise<BenchRow[]>> = {
  'cli-start': async () => (await import('./cli-start.ts')).cliStart(),
  'embedded-append': async () => (await import('./embedded-append.ts')).embeddedAppend(),
  record: async () => (await import('./record.ts')).record(),
  plugin: async () => (await import('./plugin.ts')).pluginHooks(),
  query: async () => (await import('./query.ts')).queryMillion(),
  jetstream: async () => (await import('./jetstream.ts')).jetstream(),
  migrate: async () => (await import('./migrate.ts')).migrateNotes(),
  replay: async () => (await import('./replay.ts')).replayTiming(),
  guard: async () => (await import('./guard.ts')).guard(),
  websocket: async () => (await import('./websocket.ts')).websocket(),
  webhooks: async () => (await import('./webhooks.ts')).webhooks(),
  'serve-idle': async () => (await import('./serve-idle.ts')).serveIdle(),
  context: async () => (await import('./context.ts')).context(),
  growth: async () => (await import('./growth.ts')).growth(),
}

const isWritten = process.argv.includes('--write')
const asked = process.argv.slice(2).filter((name) => name !== '--write')
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
console.log('claim | ours | peer or limit | ratio | aim | \n--- | --- | --- | --- | --- | ---')
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  console.error(`measuring ${name} …`)
  const rows = await bench()
  for (const row of rows) console.log(rowText(row))
  if (isWritten) writeTable(name, rows)
}
