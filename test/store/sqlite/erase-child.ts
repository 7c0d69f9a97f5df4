import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'

/** Erases the session named as the second argument from the log named as the first one. */
const [path = '', session = ''] = process.argv.slice(2)
const admin = await openSqliteAdmin(path)
process.stdout.write('started\n')
await admin.erase({filter: {sessions: [session]}})
process.stdout.write('done\n')
