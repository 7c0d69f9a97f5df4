import {ClawError} from '../errors.ts'

/** What every call on a closed store fails with. */
export function storeClosed(store: string): ClawError {
  return new ClawError('STORE_CLOSED', `the event store ${store} was closed`, {
    suggestions: ['open the store again; a closed one cannot be used any more'],
  })
}
