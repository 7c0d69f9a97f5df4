import {expect, it} from 'vitest'
import {checkDelivery} from '../../src/lib/doctor/check-delivery.ts'
import {logStart} from '../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../src/lib/store/sqlite/admin.ts'
import {openBench} from '../delivery/fixtures.ts'

it('tells that a reader which stands still keeps events longer than the log is to keep them', async () => {
  const {folder, store, state, append} = await openBench()
  const admin = await openSqliteAdmin(`${folder}/events.db`)
  await admin.apply({maxAgeMs: 86_400_000})
  await admin.close()
  await append('one', 'two')
  await state.commit({reader: 'forward:default', cursor: {log: 'test', position: logStart}})
  const check = (now: number) => checkDelivery(state, store, {log: 'test', now})
  expect((await check(Date.now())).map(({id}) => id)).toEqual(['delivery.forward:default'])
  const [held] = await check(Date.now() + 2 * 86_400_000)
  expect(held).toMatchObject({id: 'delivery.retention', ok: false, severity: 'warning'})
})
