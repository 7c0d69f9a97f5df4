/** How many levels of objects and arrays an event may have; SQLite's JSON functions stop at 1000. */
export const maxDepth = 500

/** JSON text of a value of any depth: `JSON.stringify` overflows the stack at a few thousand levels. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (thrown) {
    if (thrown instanceof RangeError) return deepJsonText(value)
    throw thrown
  }
}

/** A value still to be written, or text that stands between two of them. */
type Step = {value: unknown} | string

function deepJsonText(root: unknown): string {
  const parts: string[] = []
  const open: Step[] = [{value: root}]
  while (open.length > 0) {
    const step = open.pop()!
    if (typeof step === 'string') parts.push(step)
    else if (typeof step.value !== 'object' || step.value === null) parts.push(JSON.stringify(step.value) ?? 'null')
    else pushSteps(step.value, open)
  }
  return parts.join('')
}

/** Pushes what an object or array consists of, last part first, since the list is read from its end. */
function pushSteps(container: object, open: Step[]): void {
  const isArray = Array.isArray(container)
  const entries = Object.entries(container).filter(([, value]) => isArray || value !== undefined)
  open.push(isArray ? ']' : '}')
  for (let i = entries.length - 1; i >= 0; i--) {
    const [key, value] = entries[i]!
    open.push({value})
    if (!isArray) open.push(`${JSON.stringify(key)}:`)
    if (i > 0) open.push(',')
  }
  open.push(isArray ? '[' : '{')
}

/** Whether a value has more than `levels` levels of objects and arrays. Runs for every event that is read. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const key in value) {
    const child: unknown = Reflect.get(value, key)
    if (typeof child === 'object' && child !== null && isDeeper(child, levels - 1)) return true
  }
  return false
}

/**
 * The value with nothing deeper than `levels`: what lies below is kept as its JSON text, in a string. The same object
 * when nothing is that deep; never changed in place.
 */
export function flattenDeep<T>(value: T, levels: number = maxDepth): T {
  return isDeeper(value, levels) ? (flatten(value, levels) as T) : value
}

function flatten(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) return jsonText(value)
  if (Array.isArray(value)) return value.map((item) => flatten(item, levels - 1))
  return ownObject(Object.entries(value).map(([key, item]) => [key, flatten(item, levels - 1)]))
}

/** An object from entries whose keys were chosen by others: `__proto__` becomes a plain property. */
export function ownObject(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(entries)
}

/** Whether a JSON value is an object: no list, not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
