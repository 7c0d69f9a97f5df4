import type {Fields} from '../match/paths.ts'

/** One tool call, before it runs. */
export interface ToolCall {
  toolName: string
  /** In a captured call also the text that redaction left in their place. */
  params?: Fields | string
  agentId?: string
  sessionId?: string
  sessionKey?: string
  runId?: string
  toolCallId?: string
}

/**
 * The event that rules look at: the same fields as a stored `tool.called`, so that paths mean the same in both. Its
 * `timestamp` is made only where it is asked for, since that costs as much as a decision.
 */
export function callEvent(call: ToolCall, now?: number): Fields {
  const event: Record<string, unknown> = {
    eventId: 'tool-guard',
    // Rules may compare it: this is the version of the rule language's event, not of what we store.
    schemaVersion: '1.1.0',
    type: 'tool.called',
    eventCategory: 'tool',
    eventName: 'before_tool_call',
    source: 'plugin-hook',
    agentId: call.agentId,
    sessionId: call.sessionId,
    sessionKey: call.sessionKey,
    runId: call.runId,
    toolCallId: call.toolCallId,
    data: {toolName: call.toolName, params: call.params ?? {}},
  }
  if (now !== undefined) event['timestamp'] = new Date(now).toISOString()
  return event
}
