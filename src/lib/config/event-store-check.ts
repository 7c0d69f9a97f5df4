import {nearest} from '../match/nearest.ts'
import {
  durationForm,
  type EventStoreSection,
  type Form,
  pathForm,
  serverUrlForm,
  sizeForm,
  storeUrlForm,
  streamNameForm,
  subjectPrefixForm,
} from './event-store-forms.ts'
import {type Fault, faultAt, foundText} from './faults.ts'
import {type Fields, isFields, type KeyPath} from './key-path.ts'
import {type Origins, originAt} from './layers.ts'

type Kind = Form | 'flag' | 'size' | Section
type Section = {section: Record<string, Kind>} | {each: Record<string, Kind>}

const stream: Record<string, Kind> = {
  streamName: streamNameForm,
  subjectPrefix: subjectPrefixForm,
  credsFile: pathForm,
  nkeyFile: pathForm,
}

/** The keys of `eventStore`, told once more without zod: commands that only open the store start without it. */
const eventStoreKeys: Record<string, Kind> = {
  enabled: 'flag',
  ...stream,
  url: storeUrlForm,
  agents: {each: {...stream, url: serverUrlForm}},
  retention: {section: {maxAge: durationForm, maxBytes: 'size'}},
  tls: {section: {ca: pathForm, cert: pathForm, key: pathForm}},
}

/** Checks the section `eventStore`: the same faults as the whole schema finds in it. */
export function checkEventStore(value: unknown, origins: Origins): {section: EventStoreSection; faults: Fault[]} {
  const faults: Fault[] = []
  if (value !== undefined) check(value, {section: eventStoreKeys}, {path: ['eventStore'], origins, faults})
  return {section: faults.length === 0 ? ((value ?? {}) as EventStoreSection) : {}, faults}
}

interface Place {
  path: KeyPath
  origins: Origins
  faults: Fault[]
}

function check(value: unknown, kind: Kind, place: Place): void {
  const isText = typeof value === 'string'
  if (kind === 'flag') expect(typeof value === 'boolean', 'true or false', value, place)
  else if (kind === 'size') expect(isSize(value), sizeForm.expected, value, place)
  else if ('fits' in kind) expect(isText && kind.fits(value), kind.expected, value, place)
  else if (isFields(value)) checkKeys(value, kind, place)
  else expect(false, 'an object', value, place)
}

function checkKeys(value: Fields, kind: Section, place: Place): void {
  for (const [key, inner] of Object.entries(value)) {
    const below = {...place, path: [...place.path, key]}
    const innerKind = 'each' in kind ? {section: kind.each} : kind.section[key]
    if (innerKind !== undefined) check(inner, innerKind, below)
    else place.faults.push(unknownKey(key, 'section' in kind ? Object.keys(kind.section) : [], below))
  }
}

function isSize(value: unknown): boolean {
  return typeof value === 'string' ? sizeForm.fits(value) : Number.isSafeInteger(value) && (value as number) >= 0
}

function expect(holds: boolean, expected: string, value: unknown, {path, origins, faults}: Place): void {
  if (!holds) faults.push(faultAt(path, {expected, found: foundText(path, value), source: sourceOf(origins, path)}))
}

/** The fault of a key that nobody knows; `known` are the keys that may stand in its place. */
export function unknownKey(key: string, known: readonly string[], {path, origins}: Omit<Place, 'faults'>): Fault {
  return faultAt(path, {
    expected: 'a key that is known',
    found: JSON.stringify(key),
    source: sourceOf(origins, path),
    suggestion: nearest(key, known),
  })
}

export function sourceOf(origins: Origins, path: KeyPath): string {
  return originAt(origins, path)?.name ?? 'the configuration'
}
