import type {ClawEvent} from '../src/lib/event/envelope.ts'
import {contentId} from '../src/lib/event/id.ts'

const start = Date.parse('2026-01-01T00:00:00Z')
const types = [
  'tool.called',
  'tool.completed',
  'message.received',
  'message.sent',
  'lifecycle.start',
  'lifecycle.end',
  'agent.status',
  'tool.error',
  'session.start',
  'session.end',
  'conversation.message.in',
  'conversation.message.out',
  'model.call.started',
  'model.call.ended',
  'agent.activity',
  'subagent.spawned',
  'subagent.ended',
  'command.new',
  'memory.section',
  'tool.result_persist',
]
const words =
  'alpha beta gamma delta epsilon server deploy failed database token retry queue message agent memory weather garden coffee invoice meeting'.split(
    ' ',
  )

/** There are only so many: a log of millions is not to wait for its texts. */
const texts = words.map((_, from) =>
  Array.from({length: 90}, (_, i) => words[(from * 7 + i * i * 13) % words.length]).join(' '),
)

/** Events of about 1 KB over 8 agents and 20 types, one a second, always the same for the same `from`. */
export function sampleEvents(count: number, from = 0): ClawEvent[] {
  return Array.from({length: count}, (_, index) => sampleEvent(from + index))
}

function sampleEvent(n: number): ClawEvent {
  const ms = start + n * 1000
  return {
    eventId: contentId(ms, 'bench', String(n)),
    schemaVersion: '1.2.0',
    timestamp: new Date(ms).toISOString(),
    type: types[(n >> 3) % types.length]!,
    eventCategory: 'tool',
    eventName: 'before_tool_call',
    source: 'plugin-hook',
    agentId: `agent-${n & 7}`,
    sessionId: `s-${n >> 8}`,
    sessionKey: `agent:agent-${n & 7}:main`,
    runId: `run-${n >> 6}`,
    correlationId: `c-${n >> 1}`,
    visibility: 'internal',
    data: {
      toolName: n % 3 ? 'exec' : 'read',
      params: {command: `ls -la /srv/${n}`},
      durationMs: n % 997,
      text: texts[n % texts.length],
      rare: n % 50_000 === 7 ? 'zanzibar' : 'common',
    },
  }
}
