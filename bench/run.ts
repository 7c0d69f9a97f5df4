// `npm run bench [-- NAME …]`: every claim measured beside its peer or limit in this run. Needs a quiet machine.
import {type BenchRow, rowText} from './harness.ts'

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
  context: async () => (await import('./context.ts')).context(),
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
console.log('claim | ours | peer or limit | ratio | aim | \n--- | --- | --- | --- | --- | ---')
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  console.error(`measuring ${name} …`)
  for (const row of await bench()) console.log(rowText(row))
}
