/** One hook of the host that is recorded. */
export interface HookRow {
  hook: string
  kind: 'plugin-hook' | 'internal-hook'
  /** The event types that it makes. */
  types: readonly string[]
  /** Whether the host wants `plugins.entries.<id>.hooks.allowConversationAccess` for it. */
  needsConversationAccess: boolean
  /** Which of its registrations the host calls it from: the guard's are not the "full" one. */
  registration: 'full' | 'discovery' | 'both'
  /** What the host does with an answer; nothing recorded here ever gives one. */
  manner: 'observe' | 'modify' | 'gate' | 'sync'
}

/** A hook that is left alone, and why. */
export interface UnusedHook {
  hook: string
  why: string
}

type Options = Partial<Pick<HookRow, 'needsConversationAccess' | 'registration' | 'manner'>>

function plugin(hook: string, types: string, options: Options = {}): HookRow {
  return row('plugin-hook', hook, types, {registration: 'discovery', ...options})
}

function internal(hook: string, types: string): HookRow {
  return row('internal-hook', hook, types, {registration: 'full'})
}

function row(kind: HookRow['kind'], hook: string, types: string, options: Options): HookRow {
  const standard = {needsConversationAccess: false, registration: 'full', manner: 'observe'} as const
  return {hook, kind, types: types.split(' '), ...standard, ...options}
}

const fromFull = {registration: 'full'} as const
const conversation = {needsConversationAccess: true} as const

const guarded =
  'tool.called tool.guard.matched tool.guard.allowed tool.guard.blocked approval.requested approval.resolved'

/** Every hook that the plugin registers: today's host (2026.9.6). */
export const hookTable: readonly HookRow[] = [
  internal('message:received', 'message.received'),
  plugin('message_received', 'message.received', fromFull),
  internal('message:transcribed', 'message.transcribed'),
  internal('message:preprocessed', 'message.preprocessed'),
  plugin('message_sending', 'message.sending', {...fromFull, manner: 'modify'}),
  internal('message:sent', 'message.sent'),
  plugin('message_sent', 'message.sent', fromFull),
  plugin('before_message_write', 'conversation.message.in conversation.message.out', {
    registration: 'both',
    manner: 'sync',
  }),
  plugin('before_tool_call', guarded, {manner: 'gate'}),
  plugin('after_tool_call', 'tool.completed tool.error'),
  plugin('tool_result_persist', 'tool.result_persist', {manner: 'sync'}),
  internal('command:new', 'command.new'),
  internal('command:reset', 'command.reset'),
  internal('command:stop', 'command.stop'),
  plugin('session_start', 'session.start', fromFull),
  plugin('session_end', 'session.end', fromFull),
  plugin('before_reset', 'session.before_reset', fromFull),
  plugin('before_compaction', 'session.before_compaction'),
  plugin('after_compaction', 'session.after_compaction'),
  internal('session:auto-reset', 'session.auto_reset'),
  internal('session:patch', 'session.patch'),
  plugin('subagent_spawned', 'subagent.spawned agent.sub_agent_spawn'),
  plugin('subagent_ended', 'subagent.ended'),
  internal('agent:bootstrap', 'agent.bootstrap'),
  plugin('before_model_resolve', 'agent.before_model_resolve', {...conversation, manner: 'modify'}),
  plugin('before_prompt_build', 'agent.before_prompt_build', {...conversation, manner: 'modify'}),
  plugin('llm_input', 'agent.llm_input', conversation),
  plugin('llm_output', 'agent.llm_output conversation.message.out', conversation),
  plugin('agent_end', 'agent.end', conversation),
  plugin('model_call_started', 'model.call.started'),
  plugin('model_call_ended', 'model.call.ended'),
  internal('gateway:startup', 'gateway.startup'),
  plugin('gateway_start', 'gateway.start', fromFull),
  internal('gateway:pre-restart', 'gateway.pre_restart'),
  internal('gateway:shutdown', 'gateway.shutdown'),
  plugin('gateway_stop', 'gateway.stop', fromFull),
  plugin('cron_changed', 'cron.changed', fromFull),
  plugin('cron_reconciled', 'cron.reconciled', fromFull),
  plugin('channel_pairing_requested', 'channel.pairing_requested', fromFull),
  plugin('skill_changed', 'skill.changed', fromFull),
  plugin('skill_proposal_changed', 'skill.proposal_changed', fromFull),
  plugin('before_install', 'install.requested', {...fromFull, manner: 'gate'}),
]

/** Understood when they come, never registered: today's host does not have them and warns of unknown names. */
export const legacyHooks: readonly HookRow[] = [
  plugin('subagent_spawning', 'subagent.spawning'),
  internal('agent:error', 'agent.error'),
  internal('agent:session:start', 'agent.session_start'),
  internal('agent:session:end', 'agent.session_end'),
]

/** Hooks of today's host that are not registered. */
export const unusedHooks: readonly UnusedHook[] = [
  {hook: 'inbound_claim', why: 'a claim on a message that message_received tells of'},
  {hook: 'before_dispatch', why: 'the message of message_received again'},
  {hook: 'reply_dispatch', why: 'the message of message_received again, with the host’s own machinery'},
  {hook: 'reply_payload_sending', why: 'the text of message_sending again'},
  {hook: 'before_agent_reply', why: 'the prompt of before_model_resolve again'},
  {hook: 'agent_turn_prepare', why: 'the prompt and messages of before_prompt_build again'},
  {hook: 'heartbeat_prompt_contribution', why: 'asks for text and tells of nothing'},
  {hook: 'before_agent_run', why: 'the prompt of llm_input again; a late answer would block the run'},
  {hook: 'before_agent_finalize', why: 'registering it ends the streaming of replies'},
  {hook: 'resolve_exec_env', why: 'asks for an environment; the command is in before_tool_call'},
  {hook: 'subagent_progress', why: 'what subagent_spawned, subagent_ended and the runs of the child tell'},
  {hook: 'subagent_delivery_target', why: 'deprecated by the host; subagent_ended tells the outcome'},
  {hook: 'skill_proposal_evaluate', why: 'asks for an opinion; skill_proposal_changed tells the outcome'},
  {hook: 'session:compact:before', why: 'the fact of before_compaction again'},
  {hook: 'session:compact:after', why: 'the fact of after_compaction again'},
]

/** One stream of the host's agent events (S2). */
export interface StreamRow {
  stream: string
  /** Empty where the stream tells nothing that is not recorded already. */
  types: readonly string[]
  note: string
}

export const streamTable: readonly StreamRow[] = [
  {
    stream: 'lifecycle',
    types: ['lifecycle.start', 'lifecycle.end', 'lifecycle.error', 'model.fallback'],
    note: 'One start and one ending a run: of an aborted run the first of `end` and `error`. The phases `model` and `finishing` repeat what other events say.',
  },
  {
    stream: 'assistant',
    types: ['conversation.message.out', 'agent.reasoning'],
    note: 'Deltas are folded to one event a message part; `capture.deltas: keep` stores each.',
  },
  {stream: 'thinking', types: ['agent.reasoning'], note: 'Folded like `assistant`.'},
  {
    stream: 'tool',
    types: ['conversation.tool_call', 'conversation.tool_result'],
    note: 'Only where no hook told of that call. Where the host left out one of the two hooks, its event (`tool.called`, `tool.completed`, `tool.error`) is made from here.',
  },
  {stream: 'error', types: ['agent.error'], note: ''},
  {
    stream: 'approval',
    types: ['approval.requested', 'approval.resolved'],
    note: 'The host’s own approvals; those of the guard come from its verdict.',
  },
  {stream: 'run_status', types: ['agent.run_status'], note: ''},
  {stream: 'plan', types: ['agent.plan'], note: ''},
  {stream: 'patch', types: ['agent.patch'], note: ''},
  {
    stream: 'usage',
    types: [],
    note: 'Running counts. The sum is in `agent.llm_output`, and in `metadata.usage` of `lifecycle.end` and `lifecycle.error`.',
  },
  {stream: 'item', types: [], note: 'What `tool` says, for display.'},
  {stream: 'command_output', types: [], note: 'The output that is in the tool’s result.'},
  {stream: 'compaction', types: [], note: 'The facts of `before_compaction` and `after_compaction`.'},
]
