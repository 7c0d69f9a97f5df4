import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {event, idsOf} from '../../contracts/event-store/events.ts'

// Opens, uses and closes one new log after the other, so that makers, openers and last closers meet.
const [folder = '', name = '', rounds = '0'] = process.argv.slice(2)
for (let round = 0; round < Number(rounds); round++) {
  for (const part of ['a', 'b']) {
    const store = await openSqliteStore(`${folder}/${round}.db`)
    await store.append([event(`${name}-${part}-1`), event(`${name}-${part}-2`)])
    await idsOf(store.read({text: 'text'}))
    await store.count({text: 'text'})
    await store.close()
  }
}
