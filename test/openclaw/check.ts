import type {ClawEvent} from '../../src/index.ts'
import {compileGlob} from '../../src/lib/match/glob.ts'
import {compilePath} from '../../src/lib/match/paths.ts'

export interface ExpectedEvent {
  type: string
  /** How many there are in the chain; default exactly one. */
  times?: number | {min: number; max?: number}
  /** Values by path. A RegExp is looked for in the value's text, JSON if it is none. */
  has?: Record<string, unknown>
}

/** Events that belong together: they come in this order and share the values of `joinedBy`. The first one leads. */
export interface Chain {
  what: string
  joinedBy: readonly string[]
  events: readonly ExpectedEvent[]
}

export interface Expectation {
  chains: readonly Chain[]
  /** Globs of types that may not occur outside the chains. */
  closed: readonly string[]
}

/** What does not agree with the expectation, one sentence each; nothing when all does. */
export function check(events: readonly ClawEvent[], {chains, closed}: Expectation): string[] {
  const left = new Set(events)
  const faults = [...repeatedIds(events), ...chains.flatMap((chain) => checkChain(events, left, chain))]
  const isClosed = closed.map(compileGlob)
  const unexpected = [...left].filter(({type}) => isClosed.some((matches) => matches(type)))
  return [...faults, ...unexpected.map((event) => `not expected: ${describe(event)}`)]
}

/** Takes the chain's events out of `left`. */
function checkChain(
  events: readonly ClawEvent[],
  left: Set<ClawEvent>,
  {what, joinedBy, events: wanted}: Chain,
): string[] {
  const [lead] = wanted
  if (lead === undefined) return []
  const first = events.find(
    (event) => left.has(event) && event.type === lead.type && faultsOf(event, lead).length === 0,
  )
  if (first === undefined) {
    if (countFaults(lead, 0).length === 0) return []
    const near = [...left].filter(({type}) => type === lead.type).flatMap((event) => faultsOf(event, lead))
    return [`${what}: no ${lead.type}${near.length > 0 ? ` (${near.join('; ')})` : ''}`]
  }
  const joins = joinedBy.map(compilePath)
  const values = joins.map((read) => read({...first}))
  const missing = joinedBy.filter((_, index) => values[index] === undefined)
  if (missing.length > 0) return [`${what}: ${lead.type} has no ${missing.join(', ')}`]

  const faults: string[] = []
  let before: {type: string; from: number; to: number} | undefined
  for (const one of wanted) {
    // Where a chain has a type in several places, what an event holds tells which of them it takes.
    const isOnly = wanted.filter(({type}) => type === one.type).length === 1
    const found = events.filter(
      (event) =>
        left.has(event) &&
        event.type === one.type &&
        joins.every((read, index) => read({...event}) === values[index]) &&
        (isOnly || faultsOf(event, one).length === 0),
    )
    faults.push(...countFaults(one, found.length).map((fault) => `${what}: ${fault}`))
    for (const event of found) {
      left.delete(event)
      faults.push(...faultsOf(event, one).map((fault) => `${what}: ${fault}`))
    }
    if (found.length === 0) continue
    const place = {type: one.type, from: events.indexOf(found[0]!), to: events.indexOf(found.at(-1)!)}
    if (before && (place.from < before.from || place.to < before.to)) {
      faults.push(`${what}: ${place.type} came before ${before.type}`)
    }
    before = place
  }
  return faults
}

function countFaults({type, times = 1}: ExpectedEvent, count: number): string[] {
  const {min, max = Number.POSITIVE_INFINITY} = typeof times === 'number' ? {min: times, max: times} : times
  if (count >= min && count <= max) return []
  const wanted = min === max ? String(min) : `${min} to ${max}`
  return [`${count} × ${type}, not ${wanted}`]
}

function faultsOf(event: ClawEvent, {has = {}}: ExpectedEvent): string[] {
  return Object.entries(has).flatMap(([path, wanted]) => {
    const found = compilePath(path)({...event})
    return isAsWanted(found, wanted) ? [] : [`${event.type} has ${path} ${shown(found)}, not ${shown(wanted)}`]
  })
}

function isAsWanted(found: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return wanted.test(typeof found === 'string' ? found : (JSON.stringify(found) ?? ''))
  return JSON.stringify(found) === JSON.stringify(wanted)
}

function repeatedIds(events: readonly ClawEvent[]): string[] {
  const seen = new Set<string>()
  return events.flatMap((event) => {
    const isRepeated = seen.has(event.eventId)
    seen.add(event.eventId)
    return isRepeated ? [`twice with one id: ${describe(event)}`] : []
  })
}

function describe({type, eventName, runId, toolCallId, data}: ClawEvent): string {
  return [type, eventName, runId ?? '', toolCallId ?? '', shown(data)].filter((part) => part !== '').join(' ')
}

function shown(value: unknown): string {
  const text = value instanceof RegExp ? String(value) : (JSON.stringify(value) ?? 'undefined')
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
