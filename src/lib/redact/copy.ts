export interface CopyRules {
  /** What becomes of a string. */
  text(text: string): string
  /** Whether what a key of this name holds is replaced. */
  isHidden(name: string): boolean
  replacement: string
}

/** One container that is being copied: what is left to put into the copy. */
interface Frame {
  source: object
  parts: Iterator<Part>
  put(key: string, value: unknown): void
}

interface Part {
  key: string
  value: unknown
  isHidden: boolean
}

/**
 * A deep copy, as plain data, with every string mapped and what a hidden name stands for replaced. Without recursion,
 * so that no depth is too deep; an object inside itself becomes '[Circular]'. The source is only read.
 */
export function copyRedacted(root: unknown, rules: CopyRules): unknown {
  const copies = new Map<object, unknown>()
  const openObjects = new Set<object>()
  const frames: Frame[] = []

  function copyOf(value: unknown): unknown {
    if (typeof value === 'string') return rules.text(value)
    if (typeof value !== 'object' || value === null) return value
    if (openObjects.has(value)) return '[Circular]'
    // Seen elsewhere already: the same copy serves, so that shared parts do not multiply.
    if (copies.has(value)) return copies.get(value)
    const plain = plainForm(value)
    if (typeof plain === 'string') return rules.text(plain)
    if (typeof plain !== 'object' || plain === null || plain instanceof Date) return plain
    const copy: object = Array.isArray(plain) ? [] : {}
    copies.set(value, copy)
    openObjects.add(value)
    frames.push({source: value, parts: partsOf(plain, rules), put: putInto(copy, rules)})
    return copy
  }

  const result = copyOf(root)
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const {done, value: part} = frame.parts.next()
    if (done) {
      frames.pop()
      openObjects.delete(frame.source)
    } else frame.put(part.key, part.isHidden ? hidden(part.value, rules.replacement) : copyOf(part.value))
  }
  return result
}

/** Nothing is no secret; everything else is, whatever its kind. */
function hidden(value: unknown, replacement: string): unknown {
  return value === null || value === undefined ? value : replacement
}

function putInto(copy: object, rules: CopyRules): (key: string, value: unknown) => void {
  if (Array.isArray(copy)) return (_, value) => copy.push(value)
  return (key, value) => {
    // Assignment to `__proto__` would set the prototype.
    const property = {value, writable: true, enumerable: true, configurable: true}
    Object.defineProperty(copy, rules.text(key), property)
  }
}

/** What JSON would make of an object, with more care for errors, maps, sets and bytes. */
function plainForm(value: object): unknown {
  if (Array.isArray(value)) return value
  if (value instanceof Date) return new Date(value)
  if (value instanceof Map) return [...value]
  if (value instanceof Set) return [...value]
  if (value instanceof RegExp) return String(value)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[Binary ${value.byteLength} bytes]`
  if (value instanceof Error) {
    const {name, message, stack, cause} = value
    return {...value, name, message, stack, ...(cause === undefined ? {} : {cause})}
  }
  const toJson = read(value, 'toJSON')
  return typeof toJson === 'function' ? attempt(() => toJson.call(value)) : value
}

function* partsOf(container: object, rules: CopyRules): Generator<Part> {
  if (Array.isArray(container)) {
    const isNamed = namedBefore(container, rules)
    for (let i = 0; i < container.length; i++) yield {key: String(i), value: container[i], isHidden: isNamed(i)}
    return
  }
  const isPair = isNamedPair(container, rules)
  for (const key of Object.keys(container)) {
    yield {key, value: read(container, key), isHidden: rules.isHidden(key) || (isPair && key === 'value')}
  }
}

/** `{name: 'Authorization', value: '…'}`, as headers, cookies, form fields and environments are listed. */
function isNamedPair(container: object, rules: CopyRules): boolean {
  if (!Object.hasOwn(container, 'value')) return false
  return ['name', 'key', 'header'].some((field) => {
    const name = read(container, field)
    return typeof name === 'string' && rules.isHidden(name)
  })
}

/** In `['Authorization', '…', 'Accept', '…']` and `['--token', '…']` an item is named by the one before it. */
function namedBefore(items: readonly unknown[], rules: CopyRules): (index: number) => boolean {
  const isFlat =
    items.length % 2 === 0 && items.every((item, i) => typeof item === 'string' || (items.length === 2 && i === 1))
  return (index) => {
    const name = items[index - 1]
    if (typeof name !== 'string' || name.length > 200) return false
    const isFlag = name.startsWith('-') && !name.includes('=')
    return (isFlag || (isFlat && index % 2 === 1)) && rules.isHidden(name)
  }
}

function read(container: object, key: string): unknown {
  return attempt(() => Reflect.get(container, key))
}

/** A getter of somebody else's object may throw; what cannot be read cannot leak. */
function attempt(step: () => unknown): unknown {
  try {
    return step()
  } catch {
    return '[Unreadable]'
  }
}
