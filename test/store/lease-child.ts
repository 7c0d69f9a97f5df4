import {openSqliteState} from '../../src/lib/store/sqlite/state/store.ts'

// Takes the lease of the folder, says so, and holds it until it is told to end, or killed.
const [folder = '', role = ''] = process.argv.slice(2)
const state = await openSqliteState(folder)
const lease = await state.tryOwn(role)
process.stdout.write(lease ? 'owned\n' : 'not owned\n')
process.stdin.on('end', async () => {
  await lease?.release()
  await state.close()
})
process.stdin.resume()
