import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'

// Takes the lock and keeps it until it is killed.
const [path = ''] = process.argv.slice(2)
const admin = await openSqliteAdmin(path)
await admin.lock('migrate')
process.stdout.write('locked\n')
setInterval(() => undefined, 1000)
