import {ClawError, type ErrorCode, messageOf} from '../../../errors.ts'
import {storeFault} from '../faults.ts'

const what: Partial<Record<ErrorCode, string>> = {
  STORE_LOCKED: 'is kept locked by another program',
  STORE_FULL: 'cannot be written: no space is left',
  STORE_READ_ONLY: 'cannot be written',
  STORE_CORRUPT: 'is damaged',
}
const suggestions: Partial<Record<ErrorCode, string[]>> = {
  STORE_LOCKED: ['end the program that has the file open in a transaction, or try again'],
  STORE_FULL: ['free some space on that disk'],
  STORE_READ_ONLY: ['make the file and its directory writable for this user'],
  STORE_CORRUPT: ['move the file away while nothing runs: readers of the log then begin anew'],
}

/** What users are told of a failure of a state file. */
export function stateFault(thrown: unknown, path: string): ClawError {
  if (thrown instanceof ClawError) return thrown
  const {code} = storeFault(thrown, path)
  const message = `the state file ${path} ${what[code] ?? 'failed'} (${messageOf(thrown)})`
  return new ClawError(code, message, {suggestions: suggestions[code], cause: thrown})
}
