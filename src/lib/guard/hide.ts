import {splitPath} from '../match/paths.ts'
import {createRedactor, defaultReplacement} from '../redact/redact.ts'
import type {ToolGuardConfig} from './schema.ts'

/** A value as a reason may quote it: without secrets. `path` tells the names of the keys it stands under. */
export type Hide = (value: unknown, path?: string) => unknown

/** Longer texts are cut before they are searched: a reason shows far less of them. */
const searchedChars = 20_000

/** Hides what the policy's redaction names, and the usual secrets, also where redaction is off for events. */
export function createHide({fields, replacement}: Partial<NonNullable<ToolGuardConfig['redaction']>> = {}): Hide {
  const redact = createRedactor({fields: [...(fields ?? [])], replacement})
  return (value, path = '') => {
    const shown = typeof value === 'string' ? value.slice(0, searchedChars) : value
    // `params` as a whole may well be a field that events are not to show; a reason that quotes one of them may.
    const keys = splitPath(path.replace(/^\s*(?:data\.)?params\./, ''))
    let hidden = redact(keys.reduceRight<unknown>((inner, key) => ({[key]: inner}), shown))
    for (const key of keys) {
      if (typeof hidden !== 'object' || hidden === null) return hidden
      hidden = (hidden as Record<string, unknown>)[key]
    }
    return hidden
  }
}

/** What begins every text that redaction left: `[REDACTED]` and `[REDACTED:aws-key]` alike. */
export function redactionMark(replacement: string = defaultReplacement): string {
  return replacement.replace(/\]$/, '')
}
