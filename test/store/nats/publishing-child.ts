import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import {eventsUpTo} from '../../contracts/event-store/events.ts'

/** Appends `e-0` … in small calls, as a bulk writer does; a dot for each that added something tells its parent when to kill it. */
const {options, count} = JSON.parse(process.argv[2] ?? '') as {options: NatsOptions; count: number}
const store = await openNatsStore(options)
const events = eventsUpTo(count)
for (let at = 0; at < events.length; at += 25) {
  const {appended} = await store.append(events.slice(at, at + 25), {bulk: true})
  if (appended > 0) process.stdout.write('.')
}
await store.close()
