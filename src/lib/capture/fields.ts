/** The longest text that is taken for an id or a name. */
const longestId = 2048

/** An own field of something the host handed over; undefined when it is not there or cannot be read. */
export function valueAt(source: unknown, name: string): unknown {
  if (typeof source !== 'object' || source === null) return undefined
  try {
    return Object.hasOwn(source, name) ? (source as Record<string, unknown>)[name] : undefined
  } catch {
    return undefined
  }
}

/** An id or a name; undefined for anything that can be neither. */
export function idAt(source: unknown, name: string): string | undefined {
  const value = valueAt(source, name)
  if (typeof value === 'string') return value !== '' && value.length <= longestId ? value : undefined
  return typeof value === 'number' && Number.isFinite(value) ? `${value}` : undefined
}

/** The first of some fields that is an id. */
export function firstId(sources: readonly unknown[], name: string): string | undefined {
  for (const source of sources) {
    const id = idAt(source, name)
    if (id !== undefined) return id
  }
  return undefined
}

/** The names of the own fields; none of what cannot be asked. */
export function keysOf(source: object): string[] {
  try {
    return Object.keys(source)
  } catch {
    return []
  }
}

/** The fields that are there; undefined where none is. */
export function present(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  let known: Record<string, unknown> | undefined
  for (const name of Object.keys(fields)) {
    if (fields[name] === undefined) continue
    known ??= {}
    known[name] = fields[name]
  }
  return known
}
