import * as z from 'zod'
import {type KeyPath, pathText} from './key-path.ts'
import type {VariableKind} from './variable-values.ts'

export interface Leaf {
  path: readonly string[]
  schema: z.core.$ZodType
}

/** Every key of the configuration that is no section; lists and objects with free names count as one. */
export function leavesOf(schema: z.core.$ZodType, path: readonly string[] = []): Leaf[] {
  const bare = unwrap(schema)
  if (!(bare instanceof z.ZodObject)) return [{path, schema: bare}]
  return Object.entries(bare.shape).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
}

/** How a variable that sets this key is read. */
export function variableKind(schema: z.core.$ZodType): VariableKind {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodBoolean) return 'flag'
  if (bare instanceof z.ZodNumber) return 'number'
  if (bare instanceof z.ZodArray) {
    const item = variableKind(bare.element)
    return item === 'text' ? 'texts' : item === 'number' ? 'numbers' : 'json'
  }
  if (bare instanceof z.ZodUnion)
    return bare.options.some((option) => variableKind(option) === 'text') ? 'text' : 'json'
  return bare instanceof z.ZodString || bare instanceof z.ZodEnum ? 'text' : 'json'
}

/** The keys that may stand in the object at a path, as far as they are fixed. */
export function keysAt(schema: z.core.$ZodType, path: KeyPath): string[] {
  return objectsAt(schema, path).flatMap((object) => Object.keys(object.shape))
}

function objectsAt(schema: z.core.$ZodType, path: KeyPath): z.ZodObject[] {
  const bare = unwrap(schema)
  const [segment, ...rest] = path
  // A key beside the one that tells the kinds apart is known in one of them; any of them may be meant.
  if (bare instanceof z.ZodUnion) return bare.options.flatMap((option) => objectsAt(option, path))
  if (segment === undefined) return bare instanceof z.ZodObject ? [bare] : []
  if (bare instanceof z.ZodArray) return objectsAt(bare.element, rest)
  if (bare instanceof z.ZodRecord) return objectsAt(bare.valueType, rest)
  const inner = bare instanceof z.ZodObject ? bare.shape[segment] : undefined
  return inner === undefined ? [] : objectsAt(inner, rest)
}

/** The one place where a section or key of this name belongs, if there is just one. */
export function placeOf(schema: z.core.$ZodType, key: string): string | undefined {
  const places = new Set(
    leavesOf(schema).flatMap(({path}) => {
      const depth = path.indexOf(key)
      return depth < 0 ? [] : [pathText(path.slice(0, depth + 1))]
    }),
  )
  return places.size === 1 ? [...places][0] : undefined
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap())
  }
  // A text that is changed after it was checked: the check comes first.
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema
}
