import {nearest} from '../match/nearest.ts'
import {type Fault, foundText} from './faults.ts'
import {type KeyPath, pathText} from './key-path.ts'
import type {Layer} from './layers.ts'
import {setAt} from './set-at.ts'
import type {Environment} from './state-dir.ts'
import {readVariable, type VariableKind} from './variable-values.ts'

/** The key that a variable sets. */
export interface VariableKey {
  path: readonly string[]
  kind: VariableKind
  /** The variable says no where the key says yes. */
  isNegated?: boolean
}

export interface ReadVariables {
  /** Each key with the variable it comes from. */
  layer: Layer
  faults: Fault[]
}

/** Reads those variables whose names start with `prefix`. An empty one is not set; an unknown one is a fault. */
export function readVariables(
  env: Environment,
  prefix: string,
  {keys, others = []}: {keys: ReadonlyMap<string, VariableKey>; others?: readonly string[]},
): ReadVariables {
  const values: Record<string, unknown> = {}
  const names = new Map<string, string>()
  const faults: Fault[] = []
  for (const [name, text] of Object.entries(env)) {
    if (!text || !name.startsWith(prefix) || others.includes(name)) continue
    const key = keys.get(name)
    if (key === undefined) {
      faults.push(unknownVariable(name, [...keys.keys(), ...others]))
      continue
    }
    const read = readVariable(text, key.kind)
    if ('expected' in read) {
      faults.push({
        path: pathText(key.path),
        expected: read.expected,
        found: read.found ?? foundText(key.path, text),
        source: name,
      })
      continue
    }
    setAt(values, key.path, key.isNegated ? !read.value : read.value)
    names.set(pathText(key.path), name)
  }
  const originOf = (path: KeyPath) => ({kind: 'environment' as const, name: nameOf(names, path)})
  return {layer: {values, originOf, wholes: new Set(names.keys())}, faults}
}

/** A key below the one that the variable sets has the same origin. */
function nameOf(names: ReadonlyMap<string, string>, path: KeyPath): string {
  const length = path.findLastIndex((_, index) => names.has(pathText(path.slice(0, index + 1)))) + 1
  return names.get(pathText(path.slice(0, length))) ?? 'the environment'
}

function unknownVariable(name: string, known: readonly string[]): Fault {
  const suggestion = nearest(name, known)
  return {path: name, source: name, expected: 'a variable that is known', found: 'one that is not', suggestion}
}
