import {describe} from 'vitest'
import {appendContract} from './event-store/append.ts'
import {closeContract} from './event-store/close.ts'
import {contentContract} from './event-store/content.ts'
import {countContract} from './event-store/count.ts'
import {filterContract} from './event-store/filter.ts'
import {followContract} from './event-store/follow.ts'
import {readContract} from './event-store/read.ts'
import type {OpenStore, StoreTraits} from './event-store/subject.ts'
import {subjectOf} from './event-store/subject.ts'

export type {OpenedStore, OpenStore, StoreTraits} from './event-store/subject.ts'

/**
 * What every event store keeps, whatever it is made of. `open` gives a new, empty log each time it is called;
 * `traits` say which of the two allowed behaviours an adapter has, so that nothing is skipped at run time.
 *
 * Positions are opaque: the suite only counts on their string order within one log.
 */
export function eventStoreContract(name: string, open: OpenStore, traits: StoreTraits): void {
  describe(`event store contract: ${name}`, () => {
    const subject = subjectOf(open, traits)
    appendContract(subject)
    readContract(subject)
    contentContract(subject)
    filterContract(subject)
    countContract(subject)
    followContract(subject)
    closeContract(subject)
  })
}
