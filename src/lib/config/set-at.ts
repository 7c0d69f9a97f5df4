import {isFields} from './key-path.ts'

/** Sets a value in nested objects, which are made as needed. */
export function setAt(root: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return
  if (rest.length === 0) {
    root[key] = value
    return
  }
  const inner = root[key]
  const node = isFields(inner) ? {...inner} : {}
  setAt(node, rest, value)
  root[key] = node
}
