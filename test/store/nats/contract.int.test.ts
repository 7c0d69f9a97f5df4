import {afterAll, beforeAll, describe} from 'vitest'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import {eventStoreContract} from '../../contracts/event-store.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {newLog} from './a-log.ts'

const module = new URL('../../../src/lib/store/nats/store.ts', import.meta.url).pathname

for (const binary of natsBinaries) {
  describe(`on nats-server ${binary}`, () => {
    let server: NatsServer
    beforeAll(async () => {
      server = await startNats({binary})
    })
    afterAll(() => server.stop())

    eventStoreContract(
      `JetStream ${binary}`,
      async () => {
        const options = await newLog(server.url)
        return {
          store: await openNatsStore(options),
          reopen: () => openNatsStore(options),
          opener: {module, call: 'openNatsStore', args: [options]},
          async release() {
            const admin = await openNatsAdmin(options)
            await admin.remove()
            await admin.close()
          },
        }
      },
      {persistent: true, largeEvents: 'cut'},
    )
  })
}
