import {readFile} from 'node:fs/promises'
import path from 'node:path'
import {parseEnv} from 'node:util'
import {type Document, readDocument} from './document.ts'
import type {Fault} from './faults.ts'
import {type Fields, isFields} from './key-path.ts'
import type {Environment} from './state-dir.ts'

/** How deep files may include files: the host's own limit. */
const includeDepth = 10

/**
 * The host's file with every `$include` in place, as the host itself reads it: one file or several, merged in order,
 * the keys beside `$include` last. Paths are relative to the file that names them.
 */
export async function resolveIncludes(
  value: unknown,
  {file, faults, depth = 0}: {file: string; faults: Fault[]; depth?: number},
): Promise<unknown> {
  if (Array.isArray(value)) {
    return Promise.all(value.map((item) => resolveIncludes(item, {file, faults, depth})))
  }
  if (!isFields(value)) return value
  const {$include: include, ...beside} = value
  const resolved = Object.fromEntries(
    await Promise.all(
      Object.entries(beside).map(async ([key, inner]) => [key, await resolveIncludes(inner, {file, faults, depth})]),
    ),
  )
  if (include === undefined) return resolved
  const parts: unknown[] = []
  for (const name of Array.isArray(include) ? include : [include]) {
    parts.push(await readIncluded(String(name), {file, faults, depth}))
  }
  return [...parts, resolved].reduce(mergeIncluded)
}

async function readIncluded(name: string, from: {file: string; faults: Fault[]; depth: number}): Promise<unknown> {
  const file = path.resolve(path.dirname(from.file), name)
  const {value, fault}: Document =
    from.depth < includeDepth
      ? await readDocument(file, name)
      : {
          fault: {
            path: '',
            expected: `files that include each other at most ${includeDepth} deep`,
            found: name,
            source: name,
          },
        }
  if (fault !== undefined) from.faults.push(fault)
  else if (value === undefined) {
    from.faults.push({path: '', expected: 'an included file that is there', found: 'no such file', source: name})
  }
  return resolveIncludes(value ?? {}, {...from, file, depth: from.depth + 1})
}

/** The host's rule: objects key by key, lists one after the other, else the later one. */
function mergeIncluded(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second)) return [...first, ...second]
  if (!isFields(first) || !isFields(second)) return second
  const merged = Object.entries(second).map(([key, value]) => [
    key,
    Object.hasOwn(first, key) ? mergeIncluded(first[key], value) : value,
  ])
  return {...first, ...Object.fromEntries(merged)}
}

/** Whether any text refers to a variable as `${NAME}`. */
export function hasReferences(value: unknown): boolean {
  return JSON.stringify(value)?.includes('${') ?? false
}

/** What `${NAME}` stands for in the host: its environment, then `<state>/.env`, then `env` in its configuration. */
export async function hostVariables(
  document: Fields,
  {env, stateDir}: {env: Environment; stateDir: string},
): Promise<Environment> {
  const {vars, ...direct} = isFields(document['env']) ? document['env'] : {}
  const inline = Object.fromEntries(
    Object.entries({...direct, ...(isFields(vars) ? vars : {})}).filter(([, value]) => typeof value === 'string'),
  ) as Environment
  return {...inline, ...(await dotEnv(path.join(stateDir, '.env'))), ...env}
}

async function dotEnv(file: string): Promise<Environment> {
  try {
    return parseEnv(await readFile(file, 'utf8'))
  } catch {
    // No such file, or not for us to read: its variables are then simply not set, which is reported by name.
    return {}
  }
}

/** Replaces `${NAME}` in every text; `$${NAME}` is that text itself. Names that are not set stay and go to `missing`. */
export function expandReferences(value: unknown, variables: Environment, missing: Set<string>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$?\$\{([A-Z_][A-Z0-9_]*)\}/g, (written, name: string) => {
      if (written.startsWith('$$')) return written.slice(1)
      if (variables[name]) return variables[name]
      missing.add(name)
      return written
    })
  }
  if (Array.isArray(value)) return value.map((item) => expandReferences(item, variables, missing))
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, expandReferences(inner, variables, missing)]),
  )
}
