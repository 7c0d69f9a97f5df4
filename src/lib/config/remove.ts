import {isFields, type KeyPath, pathText, valueAt} from './key-path.ts'

/**
 * Takes the values at these paths out of nested objects and lists. Where nothing is (something required is missing),
 * the nearest value around it goes.
 */
export function removeAll(root: Record<string, unknown>, paths: readonly KeyPath[]): void {
  const places = new Map(paths.map((path) => present(root, path)).map((path) => [pathText(path), path]))
  // From the end of each list, so that the places of those before stay what they are; what lies inside goes first.
  const ordered = [...places.values()].sort((a, b) => b.length - a.length || lastIndex(b) - lastIndex(a))
  for (const path of ordered) remove(root, path)
}

function present(root: unknown, path: KeyPath): KeyPath {
  let length = path.length
  while (length > 1 && valueAt(root, path.slice(0, length)) === undefined) length--
  return path.slice(0, length)
}

function lastIndex(path: KeyPath): number {
  const last = path.at(-1)
  return typeof last === 'number' ? last : -1
}

function remove(root: unknown, path: KeyPath): void {
  const parent = valueAt(root, path.slice(0, -1))
  const last = path.at(-1)
  if (last === undefined) return
  if (Array.isArray(parent) && typeof last === 'number') parent.splice(last, 1)
  else if (isFields(parent)) Reflect.deleteProperty(parent, last)
}
