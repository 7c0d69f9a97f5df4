import {type ClawEvent, schemaVersion} from '../event/envelope.ts'
import {contentId} from '../event/id.ts'
import type {FileType, MemoryDocument, Part, Timed} from './document.ts'

/** The event of a whole file, with all of its text. */
export function fileEvent(document: MemoryDocument, agentId: string, supersedes?: string): ClawEvent {
  const {path, type, heading, text, sha256, frontMatter, frontMatterFault, timeFrom} = document
  const eventId = idOf(document, [type, agentId, path, '', '', sha256, supersedes ?? ''])
  return {
    ...envelope(eventId, type, 'memory.file', agentId, document.timestamp),
    correlationId: eventId,
    visibility: 'internal',
    data: {path, heading, text, ...(frontMatter && {frontMatter})},
    metadata: {
      ...provenance(path, supersedes),
      line: 1,
      sha256,
      timeFrom,
      ...(frontMatterFault !== undefined && {frontMatterFault}),
    },
  }
}

export interface PartPlace {
  agentId: string
  path: string
  ordinal: number
  /** The event of the file it belongs to. */
  fileEventId: string
  supersedes?: string
}

/** The event of one section or fact. */
export function partEvent(part: Part, {agentId, path, ordinal, fileEventId, supersedes}: PartPlace): ClawEvent {
  const {heading, text, line, sha256, fact, timestamp, timeFrom} = part
  const type = 'memory.section'
  const eventId = idOf(part, [type, agentId, path, heading, String(ordinal), sha256, supersedes ?? ''])
  return {
    ...envelope(eventId, type, type, agentId, timestamp),
    correlationId: fileEventId,
    visibility: 'internal',
    data: {path, heading, text, ...(fact && {fact})},
    metadata: {...provenance(path, supersedes), line, sha256, ordinal, timeFrom},
  }
}

export interface Removal {
  agentId: string
  path: string
  removedType: FileType | 'memory.section'
  heading: string
  /** Of a section; absent: the whole file is gone. */
  ordinal?: number
  fileEventId: string
  supersedes: string
  /** When it was found to be gone. */
  timestamp: string
}

/** The event that says a file, section or fact is gone. The log keeps what it was. */
export function removedEvent({heading, ordinal, removedType, fileEventId, supersedes, ...removal}: Removal): ClawEvent {
  const {agentId, path, timestamp} = removal
  const type = 'memory.removed'
  // When it was noticed is not content: a run that is repeated after a crash makes the same id.
  const eventId = contentId(0, type, agentId, path, heading, String(ordinal ?? ''), supersedes)
  return {
    ...envelope(eventId, type, type, agentId, timestamp),
    correlationId: fileEventId,
    visibility: 'internal',
    data: {path, heading, text: '', removedType},
    metadata: {...provenance(path, supersedes), ...(ordinal !== undefined && {ordinal})},
  }
}

/**
 * Ids come from content and place, and from what is superseded: content that returns is a new event. The time that
 * begins an id is one that the content tells; a modification time, which is none, is left out.
 */
function idOf({timeMs, timeFrom}: Timed, parts: string[]): string {
  return contentId(timeFrom === 'mtime' ? 0 : timeMs, ...parts)
}

// Written out rather than made by makeEvent, which checks what people give: that is a third of the time of a migration.
function envelope(eventId: string, type: string, eventName: string, agentId: string, timestamp: string) {
  return {eventId, schemaVersion, timestamp, type, eventCategory: 'memory', eventName, source: 'migration', agentId}
}

function provenance(path: string, supersedes: string | undefined) {
  return {sourcePath: path, entry: {how: 'migration'}, ...(supersedes !== undefined && {supersedes})}
}
