import type {ClawEvent} from '../event/envelope.ts'
import type {PassageKind} from '../store/context-index.ts'

/** Whose word a passage is, from the most to the least that may be relied on. */
export const trusts = ['owner', 'agent', 'note', 'cli', 'other', 'tool', 'imported', 'unverified'] as const
export type Trust = (typeof trusts)[number]

/** What each means, for people. */
export const trustMeaning: Record<Trust, string> = {
  owner: 'said by the owner of the agent, as the host identified the sender',
  agent: 'said by the agent itself',
  note: 'from a memory file, migrated',
  cli: 'recorded with the command line',
  other: 'said by another person, or by a sender whom the host did not identify as the owner',
  tool: 'what a tool returned',
  imported: 'taken in from a file of another log',
  unverified: 'recorded by an extension',
}

/**
 * Trust comes from how the event entered the log, which the recorder writes (`source`, and `metadata` of the host and
 * of imports), never from its payload: a message that calls itself the owner's stays what it is.
 */
export function trustOf(event: ClawEvent, kind: PassageKind): Trust {
  const {source, metadata} = event
  const how = fieldOf(metadata?.['entry'], 'how')
  // A transcript is the host's own record: who said it counts, and what a tool returned stays that.
  if (source === 'migration' && how === 'transcript') return trustOfHost(metadata, kind)
  if (source === 'migration' || how === 'migration') return 'note'
  if (source === 'import' || how === 'import') return 'imported'
  if (source === 'cli') return 'cli'
  return trustOfHost(metadata, kind)
}

function trustOfHost(metadata: ClawEvent['metadata'], kind: PassageKind): Trust {
  if (kind === 'tool' || kind === 'failure') return 'tool'
  if (kind === 'reply') return 'agent'
  if (kind === 'message') return isOwner(metadata) ? 'owner' : 'other'
  return 'unverified'
}

function isOwner(metadata: Record<string, unknown> | undefined): boolean {
  return metadata?.['senderIsOwner'] === true || fieldOf(metadata?.['requester'], 'senderIsOwner') === true
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
