import {types} from 'node:util'
import {keysOf} from './fields.ts'

/** How much of one payload is taken: enough for any event that a log keeps, and an end to what has none. */
export const snapshotLimits = {values: 100_000, chars: 5 * 2 ** 20, levels: 1000} as const

/** Stands where a getter or proxy threw. */
export const unreadable = '[unreadable]'

export interface Snapshot {
  /** Plain JSON data that nobody else holds or changes. */
  data: Record<string, unknown>
  /** Names of the fields of which something had to be left out. */
  cut: readonly string[]
}

interface Copying {
  values: number
  chars: number
  /** The objects that are being copied, from the outside in. */
  open: object[]
  isCut: boolean
}

/**
 * A payload of the host as plain JSON data, as it is now: hosts and other plugins go on changing their objects. Never
 * throws, whatever the payload is: getters that throw, cycles, BigInt, bytes and proxies become texts that say so;
 * beyond `snapshotLimits` the rest is left out. Fields in `without` are not even looked at.
 */
export function snapshotOf(payload: object, without?: ReadonlySet<string>): Snapshot {
  const copying: Copying = {values: snapshotLimits.values, chars: snapshotLimits.chars, open: [payload], isCut: false}
  const data: Record<string, unknown> = {}
  let cut: readonly string[] | undefined
  for (const key of keysOf(payload)) {
    if (without?.has(key)) continue
    copying.isCut = false
    set(data, key, copyField(payload, key, copying))
    if (copying.isCut) cut = [...(cut ?? nothing), key]
  }
  return {data, cut: cut ?? nothing}
}

/** One value as plain JSON data, with the same promises. */
export function snapshotOfValue(value: unknown): unknown {
  return copy(value, {values: snapshotLimits.values, chars: snapshotLimits.chars, open: [], isCut: false})
}

const nothing: readonly string[] = []

function copyField(object: object, key: string, copying: Copying): unknown {
  let value: unknown
  try {
    value = (object as Record<string, unknown>)[key]
  } catch {
    return unreadable
  }
  return copy(value, copying)
}

function copy(value: unknown, copying: Copying): unknown {
  if (--copying.values < 0) {
    copying.isCut = true
    return undefined
  }
  switch (typeof value) {
    case 'string':
      return copyText(value, copying)
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'bigint':
      return copyText(`${value}`, copying)
    case 'object':
      return value === null ? null : copyObject(value, copying)
    default:
      return undefined
  }
}

function copyText(text: string, copying: Copying): string {
  copying.chars -= text.length
  if (copying.chars >= 0) return text
  copying.isCut = true
  const room = Math.max(0, text.length + copying.chars)
  copying.chars = 0
  return text.slice(0, room).toWellFormed()
}

function copyObject(value: object, copying: Copying): unknown {
  const {open} = copying
  if (open.length >= snapshotLimits.levels) {
    copying.isCut = true
    return undefined
  }
  if (open.includes(value)) return '[circular]'
  open.push(value)
  try {
    return Array.isArray(value) ? copyList(value, copying) : copyMembers(value, copying)
  } catch {
    // A proxy may throw at any question, even at its length.
    return unreadable
  } finally {
    open.pop()
  }
}

function copyList(list: readonly unknown[], copying: Copying): unknown[] {
  const items: unknown[] = []
  for (let index = 0; index < list.length; index++) {
    if (copying.values <= 0) {
      copying.isCut = true
      break
    }
    items.push(copyField(list, index as unknown as string, copying) ?? null)
  }
  return items
}

function copyMembers(value: object, copying: Copying): unknown {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const special = describe(value)
    if (special !== undefined) return copy(special, copying)
  }
  const data: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    if (copying.values <= 0) {
      copying.isCut = true
      break
    }
    set(data, key, copyField(value, key, copying))
  }
  return data
}

/** What JSON has no form for, said in one it has; undefined for objects like any other. */
function describe(value: object): unknown {
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (types.isNativeError(value)) return {...value, name: value.name, message: value.message}
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`
  if (types.isMap(value)) return [...value]
  if (types.isSet(value)) return [...value]
  return value instanceof URL ? value.href : undefined
}

/** What JSON leaves out is left out; a key named `__proto__` is a key like any other. */
function set(data: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) return
  if (key !== '__proto__') data[key] = value
  else Object.defineProperty(data, key, {value, enumerable: true, configurable: true, writable: true})
}
