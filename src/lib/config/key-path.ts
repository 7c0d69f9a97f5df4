import {type Fields, ownProperty} from '../match/paths.ts'

export type {Fields}

/** Where a value stands in the configuration. */
export type KeyPath = readonly (string | number)[]

/** The path as people write it: `webhooks[0].url`, `when.contains["data.params.command"]`. */
export function pathText(path: KeyPath): string {
  return path.map(segmentText).join('').replace(/^\./, '')
}

function segmentText(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`
  return /^[\w$-]+$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path; own properties only. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce((value, segment) => ownProperty(value, String(segment)), root)
}
