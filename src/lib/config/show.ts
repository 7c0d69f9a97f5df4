import {isFields, type KeyPath, pathText, valueAt} from './key-path.ts'
import {isBelow, type Origins} from './layers.ts'
import {type Config, configSchema} from './schema.ts'
import {leavesOf} from './schema-tree.ts'
import {isSecretPath, maskText, secretMask} from './secret-keys.ts'

/** One key as `config show` prints it. */
export interface ShownKey {
  key: string
  value: unknown
  /** A file, a variable or `default`; several where an object was merged. */
  origin: string
}

/** Every key that has a value, in the schema's order, without secrets. */
export function show(config: Config, origins: Origins): ShownKey[] {
  return leavesOf(configSchema).flatMap(({path}) => {
    const value = valueAt(config, path)
    if (value === undefined) return []
    return [{key: pathText(path), value: masked(value, path), origin: originsOf(origins, path)}]
  })
}

/** A copy without secrets: values of secret keys, and secrets inside other texts. */
export function masked(value: unknown, path: KeyPath = []): unknown {
  if (typeof value === 'string') {
    return isSecretPath(path) && value !== '' ? secretMask : maskText(value)
  }
  if (Array.isArray(value)) return value.map((item, index) => masked(item, [...path, index]))
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner, [...path, key])]))
}

function originsOf(origins: Origins, path: KeyPath): string {
  const key = pathText(path)
  const names = [...origins].filter(([place]) => place === key || isBelow(place, key)).map(([, {name}]) => name)
  return [...new Set(names)].join(', ') || 'default'
}
