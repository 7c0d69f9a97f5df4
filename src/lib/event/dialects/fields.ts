import {ownObject} from '../json.ts'

export type Fields = Record<string, unknown>

/** A string that says something; undefined for anything else. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A name that a filter can ask for: blanks alone are none. */
export function nameIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

export function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** An own property, whatever its name: never one of the prototype. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** A copy without some fields, and without those that are undefined. */
export function without(fields: Fields, names: Iterable<string>): Fields {
  const left = new Set(names)
  return ownObject(Object.entries(fields).filter(([name, value]) => !left.has(name) && value !== undefined))
}

/** What a dialect calls differently, under our name; a field that is there under our name already wins. */
export function renamed(fields: Fields, names: Readonly<Record<string, readonly string[]>>): Fields {
  const taken = new Map<string, string>()
  for (const [ours, theirs] of Object.entries(names)) {
    if (Object.hasOwn(fields, ours)) continue
    const found = theirs.find((name) => Object.hasOwn(fields, name))
    if (found !== undefined) taken.set(found, ours)
  }
  return ownObject(Object.entries(fields).map(([name, value]) => [taken.get(name) ?? name, value]))
}
