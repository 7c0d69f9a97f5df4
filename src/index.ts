// The library's public face; names are listed by hand, so that adding one is a decision.
export {ClawError, type ErrorCode} from './lib/errors.ts'
export type {ClawEvent, Position, StoredEvent, Visibility} from './lib/event/envelope.ts'
export {makeEvent} from './lib/event/make.ts'
export {normalize} from './lib/event/normalize.ts'
export {toView} from './lib/event/views.ts'
export {compileFilter} from './lib/filter/compile.ts'
export type {Filter} from './lib/filter/filter.ts'
export {parseFilter} from './lib/filter/parse.ts'
export type {
  AppendOptions,
  AppendResult,
  EventStore,
  FollowHealth,
  FollowOptions,
  Grouping,
  ReadRange,
  StoreDescription,
  Tally,
} from './lib/store/port.ts'
export {openStoreUrl as openStore} from './lib/wiring/open-url.ts'
