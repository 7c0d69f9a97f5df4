import type {ClawEvent} from '../event/envelope.ts'
import type {ContextIndex, ContextView} from '../store/context-index.ts'
import {type ContextDocument, contextDocument, diffContexts, injectionDocument} from './document.ts'
import {rerender} from './injection.ts'
import {lineOfEvent} from './layout.ts'
import {passageOf} from './passage.ts'
import {createRefs} from './ref.ts'
import {type ContextRequest, type SelectTools, selectContext} from './select.ts'

export interface PreviewRequest extends ContextRequest {
  agentId: string
  sessionKey?: string
  /** Compare with what would have been injected when the newest session began. */
  diff?: boolean
}

/** A preview: the document, and lines for people of the events that are not in its text. */
export interface Preview {
  document: ContextDocument
  /** By event id. */
  otherLines: ReadonlyMap<string, string>
}

/** What would be injected now, and why. */
export function previewContext(index: ContextIndex, request: PreviewRequest, tools: SelectTools): Preview {
  return index.read(request.agentId, (view) => {
    const selected = selectContext(view, request, tools)
    const document = contextDocument({...request, counter: tools.counter.name}, selected)
    if (request.diff) {
      const beforeMs = newestSessionStart(view, request) - 1
      document.diff = diffContexts(selectContext(view, {...request, atMs: beforeMs}, tools), selected)
    }
    const others = [...document.dropped.map(({eventId}) => eventId), ...(document.diff?.removed ?? [])]
    return {document, otherLines: linesOf(view, others, request.atMs, tools)}
  })
}

/** What was injected, by the event that recorded it. */
export function previewInjection(index: ContextIndex, event: ClawEvent, {options}: SelectTools): Preview {
  return index.read(event.agentId, (view) => {
    const document = injectionDocument(event.eventId, event.agentId, rerender(view, event, options))
    return {document, otherLines: new Map()}
  })
}

/** When the newest session began: that of the newest message, or of the session that was asked for. */
function newestSessionStart(view: ContextView, {atMs, sessionKey, sinceMs = 0}: PreviewRequest): number {
  const [newest] = view.latest({kinds: ['message', 'reply'], limit: 1, sinceMs, untilMs: atMs})
  const session = sessionKey ?? newest?.session
  return (session !== undefined ? view.sessionStart(session) : undefined) ?? (newest?.timeMs || atMs)
}

function linesOf(
  view: ContextView,
  eventIds: readonly string[],
  atMs: number,
  {options}: SelectTools,
): ReadonlyMap<string, string> {
  const lines = new Map<string, string>()
  for (const [eventId, event] of view.eventsById(eventIds)) {
    const to = passageOf(event, options)?.text.length ?? 0
    const item = {eventId, section: 'relevant' as const, ref: createRefs().of(eventId), from: 0, to}
    const line = lineOfEvent(item, event, atMs, options)
    if (line !== undefined) lines.set(eventId, line)
  }
  return lines
}
