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
import {faultAt, unknownKey} from './fault-at.ts'
import type {Fault} from './faults.ts'
import {type Fields, isFields, type KeyPath} from './key-path.ts'
import type {Merged} from './layers.ts'

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
export function checkEventStore(merged: Merged): {section: EventStoreSection; faults: Fault[]} {
  const value = merged.values['eventStore']
  const faults: Fault[] = []
  if (value !== undefined) check(value, {section: eventStoreKeys}, {path: ['eventStore'], merged, faults})
  return {section: faults.length === 0 ? ((value ?? {}) as EventStoreSection) : {}, faults}
}

interface Place {
  path: KeyPath
  merged: Merged
  faults: Fault[]
}

function check(value: unknown, kind: Kind, place: Place): void {
  const isText = typeof value === 'string'
  if (kind === 'flag') expect(typeof value === 'boolean', 'true or false', place)
  else if (kind === 'size') expect(isSize(value), sizeForm.expected, place)
  else if ('fits' in kind) expect(isText && kind.fits(value), kind.expected, place)
  else if (isFields(value)) checkKeys(value, kind, place)
  else expect(false, 'an object', place)
}

function checkKeys(value: Fields, kind: Section, place: Place): void {
  for (const [key, inner] of Object.entries(value)) {
    const below = {...place, path: [...place.path, key]}
    const innerKind = 'each' in kind ? {section: kind.each} : kind.section[key]
    if (innerKind !== undefined) check(inner, innerKind, below)
    else place.faults.push(unknownKey(place.merged, below.path, 'section' in kind ? Object.keys(kind.section) : []))
  }
}

function isSize(value: unknown): boolean {
  return typeof value === 'string' ? sizeForm.fits(value) : Number.isSafeInteger(value) && (value as number) >= 0
}

function expect(holds: boolean, expected: string, {path, merged, faults}: Place): void {
  if (!holds) faults.push(faultAt(merged, path, {expected}))
}
