import {openMemoryStore} from '../../../src/lib/store/memory/store.ts'
import {eventStoreContract} from '../../contracts/event-store.ts'

eventStoreContract('memory', async () => ({store: openMemoryStore(), release: async () => undefined}), {
  persistent: false,
  largeEvents: 'whole',
})
