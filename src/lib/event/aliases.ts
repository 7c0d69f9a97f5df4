import {catalogue} from './catalogue.ts'

/** Names of other tools' event types and ours for the same thing. Both `_` and `.` spellings are in use. */
const foreignTypes: Record<string, string> = {
  'conversation.tool_call': 'tool.called',
  tool_call: 'tool.called',
  'tool.call': 'tool.called',
  'tool.call.requested': 'tool.called',
  'conversation.tool_result': 'tool.completed',
  tool_result: 'tool.completed',
  'tool.result': 'tool.completed',
  'tool.call.executed': 'tool.completed',
  'tool.call.failed': 'tool.error',
  tool_error: 'tool.error',
  'msg.in': 'conversation.message.in',
  msg_in: 'conversation.message.in',
  'message.in': 'conversation.message.in',
  'message.in.received': 'conversation.message.in',
  'msg.out': 'conversation.message.out',
  msg_out: 'conversation.message.out',
  'message.out': 'conversation.message.out',
  'message.out.sent': 'conversation.message.out',
  'run.start': 'lifecycle.start',
  run_start: 'lifecycle.start',
  'run.started': 'lifecycle.start',
  'run.end': 'lifecycle.end',
  run_end: 'lifecycle.end',
  'run.ended': 'lifecycle.end',
  'run.error': 'lifecycle.error',
  run_error: 'lifecycle.error',
  'run.failed': 'lifecycle.error',
  'llm.input': 'agent.llm_input',
  llm_input: 'agent.llm_input',
  'model.input.observed': 'agent.llm_input',
  'llm.output': 'agent.llm_output',
  llm_output: 'agent.llm_output',
  'model.output.observed': 'agent.llm_output',
  session_start: 'session.start',
  'session.started': 'session.start',
  session_end: 'session.end',
  'session.ended': 'session.end',
  'session.compaction_start': 'session.before_compaction',
  session_compaction_start: 'session.before_compaction',
  'session.compaction.started': 'session.before_compaction',
  'session.compaction_end': 'session.after_compaction',
  session_compaction_end: 'session.after_compaction',
  'session.compaction.ended': 'session.after_compaction',
  session_reset: 'session.reset',
  gateway_start: 'gateway.start',
  'gateway.started': 'gateway.start',
  gateway_stop: 'gateway.stop',
  'gateway.stopped': 'gateway.stop',
  'msg.sending': 'message.sending',
  msg_sending: 'message.sending',
  'message.out.sending': 'message.sending',
}
const aliases: ReadonlyMap<string, string> = new Map(Object.entries(foreignTypes))

/**
 * Our type for a foreign one; the type itself where it has no other name. A result that carries an error is
 * `tool.error`, whatever it was called.
 */
export function mappedType(foreign: string, {isError}: {isError: boolean}): string {
  const type = aliases.get(foreign) ?? foreign
  return type === 'tool.completed' && isError ? 'tool.error' : type
}

/** Whether any tool is known to use this type: ours, or another name for one of ours. */
export function isKnownType(type: string): boolean {
  return catalogue.has(type) || aliases.has(type)
}
