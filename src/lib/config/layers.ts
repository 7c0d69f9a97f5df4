import {type Fields, isFields, type KeyPath, pathText} from './key-path.ts'

/** Where a value comes from: a file, the host's configuration, or an environment variable. */
export interface Origin {
  kind: 'file' | 'environment'
  name: string
}

/** Values of one origin; of the environment each key has its own. */
export interface Layer {
  values: Fields
  originOf: (path: KeyPath) => Origin
}

/** Origins by path (`pathText`), of every value that is no object; lists count as one value. */
export type Origins = ReadonlyMap<string, Origin>

export interface Merged {
  values: Record<string, unknown>
  origins: Map<string, Origin>
}

/** Merges layers, the strongest first: objects key by key at any depth, anything else as a whole. */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const merged: Merged = {values: {}, origins: new Map()}
  for (const {values, originOf} of layers) addBelow(merged, merged.values, values, {path: [], originOf})
  return merged
}

interface Place {
  path: KeyPath
  originOf: Layer['originOf']
}

function addBelow(merged: Merged, into: Record<string, unknown>, values: Fields, {path, originOf}: Place): void {
  for (const [key, value] of Object.entries(values)) {
    const place = {path: [...path, key], originOf}
    if (!Object.hasOwn(into, key)) into[key] = copyOf(merged, value, place)
    else {
      const present = into[key]
      if (isFields(present) && isFields(value)) addBelow(merged, present as Record<string, unknown>, value, place)
    }
  }
}

/** Objects are copied, since weaker layers are added to them; the sources stay as they are. */
function copyOf(merged: Merged, value: unknown, place: Place): unknown {
  if (isFields(value) && Object.keys(value).length > 0) {
    const copy: Record<string, unknown> = {}
    addBelow(merged, copy, value, place)
    return copy
  }
  merged.origins.set(pathText(place.path), place.originOf(place.path))
  return isFields(value) ? {} : value
}

/** Where the value at a path comes from, or the nearest one around or below it; undefined for a default. */
export function originAt(origins: Origins, path: KeyPath): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(pathText(path.slice(0, length)))
    if (origin !== undefined) return origin
  }
  const prefix = pathText(path)
  for (const [place, origin] of origins) {
    if (prefix === '' || place.startsWith(`${prefix}.`) || place.startsWith(`${prefix}[`)) return origin
  }
  return undefined
}
