import path from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {ClawEvent, StoredEvent} from '../../src/lib/event/envelope.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openNatsAdmin} from '../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../src/lib/store/nats/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {arbEvent} from '../filter/arbitraries.ts'
import {type NatsServer, startNats} from '../nats-server.ts'
import {newLog} from '../store/nats/a-log.ts'
import {folder, load, save} from './scene.ts'

let server: NatsServer
beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server.stop())

/** Fields that no release knows yet, with whatever JSON in them, and names that are special to JavaScript. */
const arbUnknown = fc
  .dictionary(
    fc.constantFrom('futureField', '__proto__', 'constructor', 'ключ', '7', 'toJSON', 'a.b'),
    fc.jsonValue(),
    {
      maxKeys: 3,
    },
  )
  .map((fields) => JSON.stringify(fields))

const arbEvents = fc.uniqueArray(
  fc
    .tuple(arbEvent, arbUnknown)
    .map(
      ([event, unknown]) =>
        JSON.parse(
          `${unknown.slice(0, -1)}${unknown === '{}' ? '' : ','}${JSON.stringify(event).slice(1)}`,
        ) as ClawEvent,
    ),
  {minLength: 1, maxLength: 30, selector: ({eventId}) => eventId},
)

async function contentOf(store: EventStore): Promise<string[]> {
  const events = await Array.fromAsync(store.read(everything))
  // As text: that shows fields in their order, too.
  return events.map(({position: _position, storedAt: _storedAt, ...event}: StoredEvent) => JSON.stringify(event))
}

describe('a round trip', () => {
  it('from the embedded log by file to JetStream and back changes nothing', async () => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(arbEvents, fc.constantFrom('', '.gz', '.zst'), async (events, ending) => {
        const place = folder()
        const file = (name: string) => path.join(place, `${name}-${round}.ndjson${ending}`)
        round++
        const options = await newLog(server.url)
        const first = await openSqliteStore(path.join(place, `a-${round}.db`))
        const onServer = await openNatsStore(options)
        const second = await openSqliteStore(path.join(place, `b-${round}.db`))
        try {
          await first.append(events)
          await save(first, file('one'))
          const all = {appended: events.length, failedLines: 0}
          expect(await load(file('one'), onServer)).toMatchObject(all)
          await save(onServer, file('two'))
          expect(await load(file('two'), second)).toMatchObject({...all, conflictingLines: 0})
          const wanted = events.map((event) => JSON.stringify(event))
          expect(await contentOf(first)).toEqual(wanted)
          expect(await contentOf(second)).toEqual(wanted)
          // Again adds nothing anywhere, and the embedded log sees that they are the same events.
          const none = {appended: 0, duplicates: events.length, failedLines: 0}
          expect(await load(file('two'), first)).toMatchObject({...none, conflicts: [], conflictingLines: 0})
          expect(await load(file('one'), onServer)).toMatchObject({...none, conflicts: null})
        } finally {
          await Promise.all([first.close(), onServer.close(), second.close()])
          const admin = await openNatsAdmin(options)
          await admin.remove()
          await admin.close()
        }
      }),
      {numRuns: 25},
    )
  })
})
