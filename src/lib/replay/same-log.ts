import {realpathSync} from 'node:fs'
import {ClawError, Exit} from '../errors.ts'
import type {StoreDescription} from '../store/port.ts'

/** Whether two opened stores are one and the same log. A server known by two names cannot be recognised. */
function isSameLog(a: StoreDescription, b: StoreDescription): boolean {
  return a.kind === b.kind && a.stream === b.stream && placeOf(a) === placeOf(b)
}

/** USAGE where a log would be replayed into itself. */
export function assertOtherLog(from: StoreDescription, to: StoreDescription): void {
  if (!isSameLog(from, to)) return
  throw new ClawError('USAGE', '--to names the very log that is read from', {
    exit: Exit.usage,
    suggestions: ['name another log'],
  })
}

/** Host and port, or the real file: who asks, and by which link, makes no difference. */
function placeOf({kind, store}: StoreDescription): string {
  return kind === 'sqlite' ? realpathSync(store.replace(/^sqlite:/, '')) : new URL(store).host
}

/** The log's name for people and files, without secrets. */
export function placeText({store, stream}: StoreDescription): string {
  return `${store} ${stream}`
}
