import {afterEach} from 'vitest'
import type {EventStore} from '../../../src/lib/store/port.ts'
import type {Opener} from './other-process.ts'

export interface OpenedStore {
  store: EventStore
  /** A second, independent handle on the same log. Needed when the store is `persistent`. */
  reopen?: () => Promise<EventStore>
  /** How another process opens the same log. Needed when the store is `persistent`. */
  opener?: Opener
  /** Removes the log; every handle is closed already. */
  release(): Promise<void>
}

export type OpenStore = () => Promise<OpenedStore>

export interface StoreTraits {
  /** The log outlives its handle and is shared by several processes. */
  persistent: boolean
  /** What becomes of an event of 5 MB: kept whole, or its longest strings cut and noted in `metadata.truncated`. */
  largeEvents: 'whole' | 'cut'
}

/** One adapter under test: opens logs, and closes and removes them after each test, also when the test failed. */
export interface Subject {
  traits: StoreTraits
  open(): Promise<PersistentStore>
}

export interface PersistentStore {
  store: EventStore
  reopen: () => Promise<EventStore>
  opener: Opener
}

export function subjectOf(open: OpenStore, traits: StoreTraits): Subject {
  const undo: Array<() => Promise<void>> = []

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  function closedLater(store: EventStore): EventStore {
    undo.push(() => store.close())
    return store
  }

  return {
    traits,
    async open() {
      const {store, reopen, opener, release} = await open()
      undo.push(release)
      closedLater(store)
      return {
        store,
        reopen: async () => closedLater(await given(reopen, 'reopen')()),
        get opener() {
          return given(opener, 'opener')
        },
      }
    },
  }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`a persistent store must pass "${name}" to the contract suite`)
  return value
}
