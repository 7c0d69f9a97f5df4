/** What an agent does, by the type of the event that shows it, in the event-server plugin's words. */
const activities: Readonly<Record<string, readonly [activity: string, detail: string]>> = {
  'message.received': ['Message Received', 'Inbound message accepted by agent pipeline'],
  'message.transcribed': ['Transcribing Message', 'Inbound message transcription completed'],
  'message.preprocessed': ['Processing Message', 'Inbound message preprocessing complete'],
  'message.sent': ['Response Sent', 'Outbound message delivered'],
  'command.new': ['Command NEW', 'Processed /new command'],
  'command.reset': ['Command RESET', 'Processed /reset command'],
  'command.stop': ['Command STOP', 'Processed /stop command'],
  'session.start': ['Session Started', 'Agent session lifecycle started'],
  'session.end': ['Session Ended', 'Agent session lifecycle ended'],
  'agent.bootstrap': ['Bootstrapping', 'Agent bootstrap hook executed'],
  'agent.session_start': ['Agent Session Start', 'Agent session lifecycle started'],
  'agent.session_end': ['Agent Session End', 'Agent session lifecycle ended'],
  'tool.called': ['Using Tool', 'Calling tool: '],
  'tool.completed': ['Tool Completed', 'Tool completed: '],
  'tool.error': ['Tool Error', 'Tool failed: '],
  'tool.result_persist': ['Persisting Tool Result', 'Tool result appended to transcript'],
  'subagent.spawning': ['Spawning Subagent', 'Subagent spawn requested'],
  'subagent.spawned': ['Subagent Spawned', 'Subagent successfully spawned'],
  'subagent.ended': ['Subagent Ended', 'Subagent lifecycle ended'],
}

const toolStatuses: Readonly<Record<string, string>> = {
  'tool.called': 'called',
  'tool.completed': 'completed',
  'tool.error': 'error',
}

export interface Activity {
  activity: string
  activityDetail: string
  toolName?: string
  toolStatus?: string
}

/** The activity that an event of this type shows; undefined for types that make no `agent.activity`. */
export function activityOf(type: string, toolName: unknown): Activity | undefined {
  const found = Object.hasOwn(activities, type) ? activities[type] : undefined
  if (found === undefined) return undefined
  const [activity, detail] = found
  const toolStatus = toolStatuses[type]
  if (toolStatus === undefined || typeof toolName !== 'string') return {activity, activityDetail: detail}
  return {activity, activityDetail: detail + toolName, toolName, toolStatus}
}

/** Categories whose events show that an agent is at work. */
const busy: ReadonlySet<string> = new Set([
  'message',
  'tool',
  'command',
  'session',
  'subagent',
  'agent',
  'conversation',
  'lifecycle',
])
/** What happens to an agent, rather than by it. */
const passive: ReadonlySet<string> = new Set(['agent.error', 'subagent.idle', 'context.injected', 'context.skipped'])

/** Whether an event of this type shows that its agent is at work. */
export function showsWork(type: string, category: string): boolean {
  return busy.has(category) && !passive.has(type)
}

/** Types with which something begins: an agent that was offline or failed is back. */
const beginnings: ReadonlySet<string> = new Set([
  'message.received',
  'message.transcribed',
  'message.preprocessed',
  'command.new',
  'command.reset',
  'session.start',
  'agent.bootstrap',
  'agent.session_start',
  'agent.before_model_resolve',
  'lifecycle.start',
  'conversation.message.in',
  'conversation.tool_call',
  'model.call.started',
  'tool.called',
  'subagent.spawning',
  'subagent.spawned',
])

export function isBeginning(type: string): boolean {
  return beginnings.has(type)
}
