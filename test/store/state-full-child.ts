import {rmSync, statfsSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {openSqliteState} from '../../src/lib/store/sqlite/state/store.ts'
import {event} from '../contracts/event-store/events.ts'

// Uses a state store on a disk that it fills, and prints what became of it.
const [disk = ''] = process.argv.slice(2)
const ballast = path.join(disk, 'ballast')
const reader = 'r'
const state = await openSqliteState(disk)
await state.commit({reader, cursor: {log: 'l', position: '1'}})
await (await state.tryOwn('first'))?.release()
const {bavail, bsize} = statfsSync(disk)
writeFileSync(ballast, Buffer.alloc(bavail * bsize))
const big = {
  eventId: 'big',
  position: '2',
  state: 'waiting' as const,
  attempts: 1,
  nextAt: 0,
  addedAt: 0,
  lastError: '',
  event: event('big', {data: {text: 'x'.repeat(100_000)}}),
}
const step = {reader, cursor: {log: 'l', position: '2'}, put: [big]}
const failure = await state.commit(step).then(
  () => undefined,
  ({code, message}) => ({code, message}),
)
const cursorWhenFull = (await state.cursor(reader))?.position
const lease = await state.tryOwn('second')
const isOwned = lease?.isHeld()
await lease?.release()
rmSync(ballast)
await state.commit(step)
const cursorAfter = (await state.cursor(reader))?.position
const deliveriesAfter = await state.countDeliveries(reader)
await state.close()
process.stdout.write(JSON.stringify({failure, cursorWhenFull, isOwned, cursorAfter, deliveriesAfter}))
