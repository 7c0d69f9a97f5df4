import {writeSync} from 'node:fs'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {event} from '../../contracts/event-store/events.ts'

// Appends until it is killed, and prints the number of the last event that was acknowledged.
const [path = '', name = '', batch = '1'] = process.argv.slice(2)
const store = await openSqliteStore(path)
const size = Number(batch)
for (let first = 0; ; first += size) {
  await store.append(Array.from({length: size}, (_, index) => event(`${name}-${first + index}`)))
  writeSync(1, `${first + size - 1}\n`)
}
