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
  /** Places (`pathText`) whose object goes before weaker ones as a whole. */
  wholes?: ReadonlySet<string>
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
  const closed = new Set<string>()
  for (const layer of layers) addBelow({merged, closed, layer}, {into: merged.values, values: layer.values, path: []})
  return merged
}

interface Merging {
  merged: Merged
  /** Objects that take in nothing more. */
  closed: Set<string>
  layer: Layer
}

interface Place {
  into: Record<string, unknown>
  values: Fields
  path: KeyPath
}

function addBelow(merging: Merging, {into, values, path: outer}: Place): void {
  for (const [key, value] of Object.entries(values)) {
    const path = [...outer, key]
    if (!Object.hasOwn(into, key)) into[key] = isSection(merging, value, path) ? {} : placed(merging, value, path)
    const present = into[key]
    if (isFields(present) && isFields(value) && !merging.closed.has(pathText(path))) {
      addBelow(merging, {into: present as Record<string, unknown>, values: value, path})
    }
  }
}

/** Whether weaker layers may add to it; then it is copied, so that the sources stay as they are. */
function isSection({layer}: Merging, value: unknown, path: KeyPath): value is Fields {
  return isFields(value) && Object.keys(value).length > 0 && !layer.wholes?.has(pathText(path))
}

function placed({merged, closed, layer}: Merging, value: unknown, path: KeyPath): unknown {
  const place = pathText(path)
  merged.origins.set(place, layer.originOf(path))
  if (layer.wholes?.has(place)) closed.add(place)
  return isFields(value) ? {...value} : value
}

/** Where the value at a path comes from, or the nearest one around or beside it; undefined for a default. */
export function originAt(origins: Origins, path: KeyPath): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const place = pathText(path.slice(0, length))
    const origin = origins.get(place) ?? originBelow(origins, place)
    if (origin !== undefined) return origin
  }
  return undefined
}

function originBelow(origins: Origins, place: string): Origin | undefined {
  for (const [key, origin] of origins) {
    if (isBelow(key, place)) return origin
  }
  return undefined
}

/** Whether a place, as text, lies inside another. */
export function isBelow(place: string, outer: string): boolean {
  return place.startsWith(`${outer}.`) || place.startsWith(`${outer}[`)
}
