import {basename, extname} from 'node:path'
import type {StoreDescription} from '../port.ts'
import {logRow, readHead} from './head.ts'
import type {LogFile} from './log-file.ts'
import {positionOf} from './position.ts'

export function storeUrl(path: string): string {
  return `sqlite:${path}`
}

/** The name that stands where a server would have a stream's. */
export function streamName(path: string): string {
  return basename(path, extname(path))
}

/** `bytes` counts the events' JSON, which is what `maxBytes` limits; the file with its indexes is larger. */
export function describeLog(file: LogFile): StoreDescription {
  const {sql} = file.reader()
  const {events, bytes, seq, chain} = readHead(file.reader())
  const limits = logRow(file.reader(), 'max_age_ms, max_bytes')
  return {
    store: storeUrl(file.path),
    stream: streamName(file.path),
    kind: 'sqlite',
    events,
    bytes,
    first: placeOf(sql('SELECT seq, stored_at FROM events ORDER BY seq LIMIT 1').get()),
    last: placeOf(sql('SELECT seq, stored_at FROM events ORDER BY seq DESC LIMIT 1').get()),
    ...(seq > 0 && {chainHead: {position: positionOf(seq), sha256: chain}}),
    durability: {
      survives: 'process-kill',
      detail:
        'an acknowledged event survives the death of any process; a power loss or a crash of the operating system may ' +
        'take the newest events, those since the last checkpoint at worst, but never damages the log',
    },
    retention: {maxAgeMs: Number(limits['max_age_ms']), maxBytes: Number(limits['max_bytes'])},
  }
}

function placeOf(row: Record<string, unknown> | undefined) {
  if (!row) return null
  return {position: positionOf(Number(row['seq'])), storedAt: new Date(Number(row['stored_at'])).toISOString()}
}
