import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {createAppender} from '../../../src/lib/store/sqlite/append.ts'
import {openLogFile} from '../../../src/lib/store/sqlite/log-file.ts'
import {createWriter} from '../../../src/lib/store/sqlite/write.ts'
import {event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {openStore, tempPath} from './temp-log.ts'

describe('a full disk', () => {
  // A limit on the pages makes SQLite meet the same end as a disk without space, on every machine.
  it('refuses the append as a whole with STORE_FULL and keeps what was there', async () => {
    const path = tempPath()
    const file = await openLogFile(path, {busyMs: 1000})
    const appender = createAppender(createWriter(file), Date.now)
    await appender.append(eventsUpTo(20))
    const pages = Number(file.writer().sql('PRAGMA page_count').get()?.['page_count'])
    file.writer().db.exec(`PRAGMA max_page_count = ${pages + 4}`)
    const many = Array.from({length: 500}, (_, index) => event(`more-${index}`))
    const full = expect.objectContaining({code: 'STORE_FULL', exit: 1, message: expect.stringContaining(path)})
    await expect(appender.append(many)).rejects.toEqual(full)
    await expect(appender.append(many.slice(0, 400))).rejects.toEqual(full)
    expect(await appender.append([event('small')])).toEqual({appended: 1, duplicates: 0})
    file.close()

    const store = await openStore(path)
    expect(await idsOf(store.read(everything))).toEqual([...ids(eventsUpTo(20)), 'small'])
    expect(await store.append(many)).toEqual({appended: 500, duplicates: 0})
    await store.close()
    const admin = await openSqliteAdmin(path)
    expect(await admin.verify()).toMatchObject({ok: true, chained: true, events: 521, faults: []})
  })
})
