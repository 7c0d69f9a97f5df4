/** Anything with named fields: an event envelope, a payload. */
export type Fields = Readonly<Record<string, unknown>>

/** Reads one place of an event. What is not there is `undefined`. */
export type PathReader = (event: Fields) => unknown

/**
 * Compiles a dotted path such as `data.params.url`. The first segment is looked up in the envelope and, when it is
 * not there, in `data`; arrays go by index and `length`. Only own properties are read: no prototype answers.
 */
export function compilePath(path: string): PathReader {
  const segments = splitPath(path)
  const [first, ...rest] = segments
  if (first === undefined) return () => undefined
  if (first === 'data') return belowData(rest)
  return descend(rest, (event) => (Object.hasOwn(event, first) ? event[first] : ownProperty(event['data'], first)))
}

/** Segments without surrounding blanks; empty ones do not count. */
export function splitPath(path: string): string[] {
  return path
    .split('.')
    .map((segment) => segment.trim())
    .filter((segment) => segment !== '')
}

/** An own property of an object or array; anything else has none. */
export function ownProperty(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  // Most lookups find nothing; asking for the owner only where there is something saves half the work.
  const found = (value as Fields)[key]
  return found === undefined || Object.hasOwn(value, key) ? found : undefined
}

function belowData(keys: readonly string[]): PathReader {
  const [a, b] = keys
  if (keys.length !== 2) return descend(keys, (event) => event['data'])
  return (event) => ownProperty(ownProperty(event['data'], a!), b!)
}

// Written out for the usual depths: `data.params.url` is read for every rule of every call.
function descend(keys: readonly string[], root: PathReader): PathReader {
  const [a, b] = keys
  if (a === undefined) return root
  if (b === undefined) return (event) => ownProperty(root(event), a)
  if (keys.length === 2) return (event) => ownProperty(ownProperty(root(event), a), b)
  return (event) => {
    let value = root(event)
    for (const key of keys) value = ownProperty(value, key)
    return value
  }
}
