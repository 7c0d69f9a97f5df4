import {isKnownType, mappedType} from '../../event/aliases.ts'
import type {ClawEvent} from '../../event/envelope.ts'

/** What an event's subject tells about it. */
export interface SubjectParts {
  /** Undefined with a per-agent configuration, whose subjects do not name the agent. */
  agentId: string | undefined
  type: string
}

export interface SubjectGrammar {
  /** `<prefix>.>`: every subject of this log. */
  readonly all: string
  subjectOf(event: {agentId: string; type: string}): string
  /** Undefined for a subject that cannot have been made here. */
  partsOf(subject: string): SubjectParts | undefined
  /**
   * What else it may tell when somebody else made it who does not escape an agent's dots: the agent may be any number of
   * its tokens, and the type is the rest.
   */
  foreignPartsOf(subject: string): SubjectParts[]
}

const safe = /^[A-Za-z0-9_-]+$/
const unsafeCharacter = /[^A-Za-z0-9_-]/gu
/** Subjects are few and looked up for every event; beyond this many the memory is started anew. */
const rememberedSubjects = 10_000

/**
 * One token of a subject: bytes outside [A-Za-z0-9_-] as %XX, half a surrogate pair as %uXXXX, an empty text as `%`.
 * `decodeToken` gives the text back.
 */
export function encodeToken(text: string): string {
  if (safe.test(text)) return text
  return text === '' ? '%' : escapeCharacters(text, unsafeCharacter)
}

/** Every character that `pattern` finds, percent-encoded, so that different texts stay different. */
export function escapeCharacters(text: string, pattern: RegExp): string {
  return text.replace(pattern, (character) => {
    const unit = character.charCodeAt(0)
    if (character.length === 1 && unit >= 0xd800 && unit <= 0xdfff) return `%u${hex(unit)}`
    return Array.from(Buffer.from(character), (byte) => `%${hex(byte)}`).join('')
  })
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0')
}

/** Undefined for a token that `encodeToken` does not make. */
export function decodeToken(token: string): string | undefined {
  if (safe.test(token)) return token
  if (token === '%') return ''
  const bytes = token.replace(/%u([0-9A-F]{4})/g, (_, unit) => String.fromCharCode(Number.parseInt(unit, 16)))
  const text = bytes.replace(/(?:%[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString())
  return encodeToken(text) === token ? text : undefined
}

/** Subjects are `<prefix>.<agent>.<type>`, each part's dots being token borders; with `agent`, `<prefix>.<type>`. */
export function subjectGrammar({prefix, agent}: {prefix: string; agent?: string}): SubjectGrammar {
  const isPerAgent = agent !== undefined
  const start = `${prefix}.`
  let subjects = new Map<string, string>()

  function subjectOf({agentId, type}: {agentId: string; type: string}): string {
    const key = isPerAgent ? type : `${agentId.length} ${agentId}${type}`
    const known = subjects.get(key)
    if (known !== undefined) return known
    const owner = isPerAgent ? '' : `${encodeToken(agentId)}.`
    const subject = `${start}${owner}${type.split('.').map(encodeToken).join('.')}`
    if (subjects.size >= rememberedSubjects) subjects = new Map()
    subjects.set(key, subject)
    return subject
  }

  function partsOf(subject: string): SubjectParts | undefined {
    if (!subject.startsWith(start)) return undefined
    const tokens = subject.slice(start.length).split('.').map(decodeToken)
    if (tokens.includes(undefined)) return undefined
    const agentId = isPerAgent ? undefined : tokens.shift()
    return tokens.length === 0 ? undefined : {agentId, type: tokens.join('.')}
  }

  function foreignPartsOf(subject: string): SubjectParts[] {
    const tokens = subject.slice(start.length).split('.')
    const shortest = isPerAgent ? 1 : 2
    return tokens.slice(shortest).map((_, index) => ({
      agentId: tokens.slice(0, index + shortest).join('.'),
      type: tokens.slice(index + shortest).join('.'),
    }))
  }

  return {all: `${start}>`, subjectOf, partsOf, foreignPartsOf}
}

/**
 * Whether a type is written as all of ours are. Other tools put theirs in one token (`msg_in`) or use names that mean
 * one of ours: what an event on such a subject is, only its body tells.
 */
export function isOwnTypeForm(type: string): boolean {
  if (!type.includes('.') || type !== type.toLowerCase() || isAlias(type)) return false
  // An agent id with a dot that was not escaped makes the rest of it look like the beginning of a type.
  return isKnownType(type) || !isAlias(type.slice(type.lastIndexOf('.') + 1))
}

function isAlias(type: string): boolean {
  return mappedType(type, {isError: false}) !== type
}

/** An event of which nothing is known but what its subject tells, to ask a filter of agents and types. */
export function eventOn({agentId = '', type}: SubjectParts): ClawEvent {
  return {
    agentId,
    type,
    eventId: '',
    schemaVersion: '',
    timestamp: '',
    eventCategory: '',
    eventName: '',
    source: '',
    correlationId: '',
    visibility: 'internal',
    data: {},
  }
}
