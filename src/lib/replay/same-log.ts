import {realpathSync} from 'node:fs'
import type {StoreDescription} from '../store/port.ts'

/** Whether two opened stores are one and the same log. A server known by two names cannot be recognised. */
export function isSameLog(a: StoreDescription, b: StoreDescription): boolean {
  return a.kind === b.kind && a.stream === b.stream && placeOf(a) === placeOf(b)
}

/** Host and port, or the real file: who asks, and by which link, makes no difference. */
function placeOf({kind, store}: StoreDescription): string {
  return kind === 'sqlite' ? realpathSync(store.replace(/^sqlite:/, '')) : new URL(store).host
}
