import type {Config} from '../config/schema.ts'
import type {ClawEvent, StoredEvent} from '../event/envelope.ts'
import {compileFilter, type EventTest} from '../filter/compile.ts'
import type {Filter} from '../filter/filter.ts'
import {compileGlob} from '../match/glob.ts'
import {createRedactor, redactEvent} from '../redact/redact.ts'

/** An endpoint's own filter, on top of the one for all sinks. */
export interface OwnFilter extends Filter {
  excludeTypes?: readonly string[]
}

export interface OutgoingOptions {
  filters: Config['filters']
  redaction: Pick<Config['redaction'], 'enabled' | 'fields' | 'replacement' | 'secrets'>
  own?: OwnFilter
  /** Whether events with `visibility: confidential` leave by this sink. */
  confidential: boolean
}

/** What leaves the log by a sink: which events, and how they look. */
export interface Outgoing {
  wants: EventTest
  /** A copy with redaction applied, position and storedAt kept; the event itself where there is nothing to redact. */
  prepare(event: StoredEvent): StoredEvent
}

/** FILTER_INVALID for an own filter that does not compile. */
export async function compileOutgoing({filters, redaction, own, confidential}: OutgoingOptions): Promise<Outgoing> {
  const tests = [...(await ownTests(own)), ...commonTests(filters)]
  if (!confidential) tests.push((event) => event.visibility !== 'confidential')
  const redact = redaction.enabled ? createRedactor(redaction) : undefined
  return {
    wants: (event) => tests.every((test) => test(event)),
    prepare: (event) => (redact === undefined ? event : redactEvent(event, redact)),
  }
}

async function ownTests(own: OwnFilter | undefined): Promise<EventTest[]> {
  if (own === undefined) return []
  const {excludeTypes = [], ...filter} = own
  return [await compileFilter(filter), ...without(excludeTypes)]
}

function commonTests({includeTypes, excludeTypes, channelId, toolName, sessionId}: Config['filters']): EventTest[] {
  const tests = without(excludeTypes)
  if (includeTypes.length > 0) tests.push(anyType(includeTypes))
  if (channelId !== undefined) tests.push((event) => channelOf(event) === channelId)
  if (toolName !== undefined) tests.push((event) => event.data['toolName'] === toolName)
  if (sessionId !== undefined) tests.push((event) => event.sessionId === sessionId || event.sessionKey === sessionId)
  return tests
}

function channelOf({data, metadata}: ClawEvent): unknown {
  return data['channelId'] ?? metadata?.['channelId'] ?? metadata?.['channel']
}

function without(types: readonly string[]): EventTest[] {
  if (types.length === 0) return []
  const isExcluded = anyType(types)
  return [(event) => !isExcluded(event)]
}

function anyType(types: readonly string[]): EventTest {
  const globs = types.map(compileGlob)
  return ({type}) => globs.some((matches) => matches(type))
}
