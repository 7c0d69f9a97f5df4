import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
  type StreamUpdateConfig,
} from '@nats-io/jetstream'
import {nanos} from '@nats-io/transport-node'
import type {SettingChange, StoreSettings} from '../port.ts'
import type {NatsTarget} from './target.ts'

const dayMs = 86_400_000
const defaultMaxAgeMs = 90 * dayMs
const duplicateWindowMs = 120_000

/** What a server of this version can do beyond 2.9, which answers OK to what it does not know and ignores it. */
export function abilitiesOf([major, minor]: readonly [number, number]): {compression: boolean; messageTtl: boolean} {
  const isFrom = (wanted: number) => major > 2 || (major === 2 && minor >= wanted)
  return {compression: isFrom(10), messageTtl: isFrom(11)}
}

type Wanted = Pick<StreamConfig, 'name'> & Partial<StreamConfig>
type Abilities = ReturnType<typeof abilitiesOf>

/** The configuration of a new stream. */
export function newStreamConfig({stream, prefix}: NatsTarget, settings: StoreSettings, can: Abilities): Wanted {
  const maxAgeMs = settings.maxAgeMs ?? defaultMaxAgeMs
  return {
    name: stream,
    description: 'claw-events: an event log',
    subjects: [`${prefix}.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(maxAgeMs),
    max_bytes: settings.maxBytes || -1,
    num_replicas: settings.replicas ?? 1,
    // The server refuses a window that is longer than the greatest age.
    duplicate_window: nanos(maxAgeMs > 0 ? Math.min(duplicateWindowMs, maxAgeMs) : duplicateWindowMs),
    allow_direct: true,
    deny_delete: settings.immutable ?? false,
    ...(can.compression && {compression: StoreCompression.S2}),
    ...(can.messageTtl && {allow_msg_ttl: true}),
  }
}

/** What of an existing stream has to be changed: what is asked for, and what the log needs to work well. */
export function wantedUpdate(now: StreamConfig, settings: StoreSettings, can: Abilities): Partial<StreamUpdateConfig> {
  const {replicas, maxAgeMs, maxBytes, immutable} = settings
  const maxAge = maxAgeMs === undefined ? now.max_age : nanos(maxAgeMs)
  const wanted: Partial<StreamUpdateConfig> = {
    allow_direct: true,
    ...(replicas !== undefined && {num_replicas: replicas}),
    ...(maxAgeMs !== undefined && {max_age: maxAge}),
    ...(maxBytes !== undefined && {max_bytes: maxBytes || -1}),
    ...(immutable !== undefined && {deny_delete: immutable}),
    // Without it memory.* events cannot be kept beyond the greatest age.
    ...(can.messageTtl && maxAge > 0 && {allow_msg_ttl: true}),
    ...(maxAge > 0 && maxAge < now.duplicate_window && {duplicate_window: maxAge}),
  }
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => Reflect.get(now, name) !== value))
}

/** Where a configuration has something else than was asked for. */
export function differences(now: StreamConfig, wanted: Partial<StreamConfig>): SettingChange[] {
  return Object.entries(wanted)
    .map(([name, value]) => ({name, before: Reflect.get(now, name), value}))
    .filter(({before, value}) => JSON.stringify(before) !== JSON.stringify(value))
    .map(({name, before, value}) => ({
      field: fieldNames[name] ?? name,
      now: shown(name, before),
      wanted: shown(name, value),
    }))
}

const fieldNames: Record<string, string> = {
  max_age: 'max age',
  max_bytes: 'max bytes',
  num_replicas: 'replicas',
  deny_delete: 'immutable',
  allow_direct: 'direct get',
  allow_msg_ttl: 'age limit per message',
  duplicate_window: 'duplicate window',
}

function shown(name: string, value: unknown): string {
  if (name === 'max_age' || name === 'duplicate_window') return ageText(Number(value) / 1e6)
  if (name === 'max_bytes') return Number(value) > 0 ? String(value) : 'no limit'
  if (typeof value === 'boolean' || value === undefined) return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(', ') : String(value)
}

function ageText(ms: number): string {
  if (ms === 0) return 'for ever'
  const units: Array<[string, number]> = [
    ['d', dayMs],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ]
  const [unit, size] = units.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** What the server cannot do for a stream of this configuration, each as a sentence. */
export function notesOn(config: Partial<StreamConfig>, version: readonly [number, number]): string[] {
  const can = abilitiesOf(version)
  const notes: string[] = []
  const server = `nats-server ${version.join('.')}`
  if (!can.compression) notes.push(`${server} cannot compress what it stores; 2.10 and later can`)
  if (!can.messageTtl && (config.max_age ?? 0) > 0) {
    notes.push(
      `${server} removes migrated memory after ${shown('max_age', config.max_age)} like everything else; 2.11 and later can keep it`,
    )
  }
  if (config.storage === StorageType.Memory)
    notes.push('the stream is kept in memory: a restart of the server takes it')
  return notes
}

export interface Conflict {
  message: string
  /** What to propose: this very stream with its own subjects, only others, or nothing. */
  way: 'its subjects' | 'others' | 'none'
}

/** Why the stream of this name, which is there, cannot be our log as it is asked for. */
export function conflictWith(
  {url, stream, prefix}: NatsTarget,
  now: StreamConfig,
  settings: StoreSettings,
): Conflict | undefined {
  const place = `stream ${stream} at ${url}`
  const wanted = `${prefix}.>`
  const subjects = now.subjects ?? []
  if (now.retention !== RetentionPolicy.Limits) {
    return {message: `${place} forgets events once they were read (retention "${now.retention}")`, way: 'others'}
  }
  if (!subjects.includes(wanted)) {
    const has = subjects.length > 0 ? subjects.join(', ') : 'no subjects of its own'
    return {message: `${place} has ${has}, not ${wanted}`, way: 'its subjects'}
  }
  if (now.deny_delete && settings.immutable === false) {
    return {message: `${place} is immutable and stays so: no server takes it back`, way: 'none'}
  }
  return undefined
}
