import type * as z from 'zod'
import {nearest} from '../match/nearest.ts'
import {faultAt, unknownKey} from './fault-at.ts'
import type {Fault} from './faults.ts'
import {type KeyPath, valueAt} from './key-path.ts'
import type {Merged} from './layers.ts'
import {removeAll} from './remove.ts'
import {type Config, configSchema} from './schema.ts'
import {keysAt, placeOf} from './schema-tree.ts'

/** After so many rounds of taking out what is wrong, the defaults stand for everything. */
const longestRepair = 20

/** Checks merged values. What is wrong is a fault, and left out of the configuration: the default holds there. */
export function parseConfig(merged: Merged): {config: Config; faults: Fault[]} {
  const first = configSchema.safeParse(merged.values)
  if (first.success) return {config: first.data, faults: []}
  const faults = first.error.issues.flatMap((issue) => faultsOf(issue, merged))
  return {config: repaired(merged.values, first.error.issues), faults}
}

type Issue = z.core.$ZodIssue

function repaired(values: Record<string, unknown>, issues: readonly Issue[]): Config {
  // JSON, since what a host hands over may be frozen or a proxy.
  const rest: Record<string, unknown> = JSON.parse(JSON.stringify(values))
  let wrong = issues
  for (let round = 0; round < longestRepair; round++) {
    removeAll(rest, wrong.flatMap(placesOf))
    const result = configSchema.safeParse(rest)
    if (result.success) return result.data
    wrong = result.error.issues
  }
  return configSchema.parse({})
}

function placesOf(issue: Issue): KeyPath[] {
  const path = issue.path as KeyPath
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
}

function faultsOf(issue: Issue, merged: Merged): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return placesOf(issue).map((path) => {
      const fault = unknownKey(merged, path, keysAt(configSchema, path.slice(0, -1)))
      return {...fault, suggestion: fault.suggestion ?? placeOf(configSchema, String(path.at(-1)))}
    })
  }
  const path = issue.path as KeyPath
  const value = valueAt(merged.values, path)
  const words = issue.code === 'invalid_value' ? issue.values.map(String) : []
  const suggestion = typeof value === 'string' ? nearest(value, words) : undefined
  return [faultAt(merged, path, {expected: issue.message, suggestion})]
}
