import {messageOf} from '../errors.ts'
import {compileFilter} from '../filter/compile.ts'
import type {Filter} from '../filter/filter.ts'
import {faultAt} from './fault-at.ts'
import type {Fault} from './faults.ts'
import {isFields, type KeyPath, valueAt} from './key-path.ts'
import type {Merged} from './layers.ts'

/**
 * Filters of which the text or the CEL expression cannot be used. Looks at the values as written, as for rules; the
 * CEL library is loaded only where there is an expression.
 */
export async function checkFilters(merged: Merged): Promise<Fault[]> {
  const webhooks = placesOf(merged.values, 'webhooks').map((path) => [...path, 'filters'])
  const faults: Fault[] = []
  for (const path of [...webhooks, ...placesOf(merged.values, 'visibility')]) {
    for (const [key, expected] of filterKeys) {
      const place = [...path, key]
      const text = valueAt(merged.values, place)
      const problem = typeof text === 'string' ? await filterFault({[key]: text}) : undefined
      if (problem === undefined) continue
      faults.push(faultAt(merged, place, {expected, found: `one that does not (${problem})`}))
    }
  }
  return faults
}

const filterKeys = [
  ['text', 'a text that can be searched for'],
  ['where', 'a CEL expression that compiles'],
] as const

function placesOf(values: unknown, key: string): KeyPath[] {
  const list = valueAt(values, [key])
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown, index) => (isFields(item) ? [[key, index]] : []))
}

async function filterFault(filter: Filter): Promise<string | undefined> {
  try {
    await compileFilter(filter)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
