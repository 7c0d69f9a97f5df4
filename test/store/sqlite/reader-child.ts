import {everything} from '../../../src/lib/filter/filter.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {event, idsOf} from '../../contracts/event-store/events.ts'

// Everything is loaded by now: nobody need not have the right to read this checkout.
await import('node:sqlite')
const nobody = 65_534
if (process.getuid?.() === 0) process.setuid?.(nobody)

const [path = ''] = process.argv.slice(2)
const codeOf = (thrown: {code?: string}) => thrown.code ?? String(thrown)
const store = await openSqliteStore(path)
const admin = await openSqliteAdmin(path)
const findings = {
  read: await idsOf(store.read(everything)),
  found: await idsOf(store.read({text: '"e 1"'})),
  types: (await store.count(everything, 'type')).count,
  verified: (await admin.verify()).ok,
  append: await store.append([event('x')]).then(() => 'done', codeOf),
  prune: await admin.prune({maxBytes: 0}).then(() => 'done', codeOf),
  remove: await admin.remove().then(() => 'done', codeOf),
}
await store.close()
process.stdout.write(JSON.stringify(findings))
