import {nearest} from '../match/nearest.ts'
import {type Fault, foundText} from './faults.ts'
import {type KeyPath, pathText, valueAt} from './key-path.ts'
import {type Origins, originAt} from './layers.ts'

/** What a fault is looked up in. */
export interface Checked {
  values?: unknown
  origins: Origins
}

/** The fault of one place: where it comes from, and unless it is given what stands there, are looked up. */
export function faultAt(
  {values, origins}: Checked,
  path: KeyPath,
  {expected, found, suggestion}: Pick<Fault, 'expected' | 'suggestion'> & {found?: string},
): Fault {
  return {
    path: pathText(path),
    expected,
    found: found ?? foundText(path, valueAt(values, path)),
    source: originAt(origins, path)?.name ?? 'the configuration',
    suggestion,
  }
}

/** The fault of a key that nobody knows; `known` are the keys that may stand in its place. */
export function unknownKey(checked: Checked, path: KeyPath, known: readonly string[]): Fault {
  const key = String(path.at(-1))
  const suggestion = nearest(key, known)
  return faultAt(checked, path, {expected: 'a key that is known', found: JSON.stringify(key), suggestion})
}
