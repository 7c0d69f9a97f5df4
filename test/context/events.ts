import {createLexicon} from '../../src/lib/context/lexicon.ts'
import {createMemoryIndex} from '../../src/lib/context/memory-index.ts'
import {createReader} from '../../src/lib/context/reading.ts'
import {
  type ContextRequest,
  type SelectedContext,
  type SelectTools,
  selectContext,
} from '../../src/lib/context/select.ts'
import {loadTokenCounter} from '../../src/lib/context/tokens.ts'
import {createAnalyzer} from '../../src/lib/context/words.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {makeEvent, type NewEvent} from '../../src/lib/event/make.ts'
import type {ContextIndex} from '../../src/lib/store/context-index.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'

export const noon = Date.parse('2026-11-20T12:00:00.000Z')
export const hour = 3_600_000
export const day = 24 * hour

/** An event an hour before the one made before it would be wrong to rely on: every one says when it was. */
export type Given = Partial<NewEvent> & {id: string; ago?: number}

function eventOf(type: string, {id, ago = day, ...given}: Given, data: Record<string, unknown>): ClawEvent {
  return makeEvent({
    type,
    agentId: 'main',
    source: 'plugin-hook',
    eventId: id,
    timestamp: new Date(noon - ago).toISOString(),
    sessionId: 's1',
    now: noon,
    ...given,
    data: {...data, ...given.data},
  })
}

export function said(text: string, given: Given): ClawEvent {
  return eventOf('conversation.message.in', given, {text})
}

export function replied(text: string, given: Given): ClawEvent {
  return eventOf('conversation.message.out', given, {text})
}

export function note(text: string, given: Given & {path?: string; heading?: string}): ClawEvent {
  const {path = 'MEMORY.md', heading = '', ...rest} = given
  const memory = {source: 'migration' as const, sessionId: undefined, metadata: {entry: {how: 'migration'}}, ...rest}
  return eventOf('memory.section', memory, {path, heading, text})
}

export function toolCall(
  type: 'tool.completed' | 'tool.error',
  command: string,
  text: string,
  given: Given,
): ClawEvent {
  const outcome = type === 'tool.error' ? {error: text} : {result: {content: [{type: 'text', text}]}}
  return eventOf(type, given, {toolName: 'exec', params: {command}, ...outcome})
}

const analyzer = createAnalyzer()

export const tools: SelectTools = {analyzer, lexicon: createLexicon(analyzer), counter: await loadTokenCounter()}

export const read = createReader(analyzer)

/** An index in memory over these events. */
export async function indexOf(events: readonly ClawEvent[]): Promise<ContextIndex> {
  const store = openMemoryStore()
  await store.append(events)
  const index = createMemoryIndex(store, read)
  await index.catchUp()
  return index
}

/** The context that is selected from these events, at noon, for agent main. */
export async function contextOf(
  events: readonly ClawEvent[],
  request: Partial<ContextRequest> & {agentId?: string} = {},
): Promise<SelectedContext> {
  const index = await indexOf(events)
  const {agentId = 'main', ...rest} = request
  return index.read(agentId, (view) => selectContext(view, {atMs: noon, budget: 1000, ...rest}, tools))
}

/** The ids of a context's items, best first. */
export function idsIn({items}: SelectedContext): string[] {
  return items.map(({eventId}) => eventId)
}
