/** What is known about one event type. Docs and JSON Schema come from this table. */
export interface TypeEntry {
  category: string
  /** The host's hook or agent-event stream that it comes from; empty where we make it ourselves. */
  hook: string
  /** Names of the fields in `data` that readers can count on; hosts may add others. */
  fields: readonly string[]
  summary: string
}

type Row = readonly [hook: string, fields: string, summary: string]

const message = 'from to content channelId accountId conversationId threadId messageId senderId senderName metadata'
const tool = 'toolName params'
const call = `${tool} subagentKey parentAgentId parentSessionKey`
const guard = `${call} blockReason matchedRuleId matchedActionId decisionSource`
const child = 'subagentKey childSessionKey childAgentId parentAgentId parentSessionKey'
const model = 'provider model callId'
const memory = 'path heading text'

/** One line a type; the category is the group's name unless the type says otherwise. */
const groups: Record<string, Record<string, Row>> = {
  message: {
    'message.received': ['message:received', message, 'A message came in from a channel.'],
    'message.transcribed': ['message:transcribed', `${message} transcript`, 'An audio message became text.'],
    'message.preprocessed': [
      'message:preprocessed',
      `${message} body bodyForAgent`,
      'A message is ready for the agent.',
    ],
    'message.sending': ['message_sending', 'to content metadata', 'A message is about to go out to a channel.'],
    'message.sent': ['message:sent', `${message} success error`, 'A message went out to a channel.'],
  },
  tool: {
    'tool.called': [
      'before_tool_call',
      `${call} parentToolCallId`,
      'An agent asked for a tool call; params are the original ones.',
    ],
    'tool.guard.matched': ['before_tool_call', guard, 'A guard rule matched a call.'],
    'tool.guard.allowed': ['before_tool_call', guard, 'The guard allowed a call.'],
    'tool.guard.blocked': ['before_tool_call', guard, 'The guard blocked a call.'],
    'tool.completed': [
      'after_tool_call',
      `${call} result durationMs`,
      'A tool call ended well; params are those it ran with.',
    ],
    'tool.error': ['after_tool_call', `${call} result error durationMs`, 'A tool call failed.'],
    'tool.result_persist': [
      'tool_result_persist',
      'toolName message isSynthetic',
      'A tool result entered the transcript.',
    ],
  },
  command: {
    'command.new': ['command:new', 'commandSource senderId', 'A person started a new session by command.'],
    'command.reset': ['command:reset', 'commandSource senderId', 'A person reset the session by command.'],
    'command.stop': ['command:stop', 'commandSource senderId', 'A person stopped the agent by command.'],
  },
  session: {
    'session.start': ['session_start', 'sessionId sessionKey resumedFrom', 'A session began.'],
    'session.end': ['session_end', 'sessionId sessionKey messageCount reason nextSessionId', 'A session ended.'],
    'session.before_reset': ['before_reset', 'reason messageCount messageRoles', 'A session is about to be reset.'],
    'session.auto_reset': ['session:auto-reset', '', 'The host began a session anew by itself.'],
    'session.patch': ['session:patch', '', "A session's settings were changed."],
    'session.before_compaction': [
      'before_compaction',
      'messageCount compactingCount tokenCount',
      'Compaction is about to begin.',
    ],
    'session.after_compaction': ['after_compaction', 'messageCount compactedCount tokenCount', 'Compaction is done.'],
    'session.spawned': ['', '', 'Legacy alias, read only: a session was spawned.'],
    'session.completed': ['', '', 'Legacy alias, read only: a session completed.'],
    'session.error': ['', 'error', 'Legacy alias, read only: a session failed.'],
  },
  subagent: {
    'subagent.spawning': ['subagent_spawning', `${child} mode label`, 'A subagent is about to be spawned.'],
    'subagent.spawned': ['subagent_spawned', `${child} mode label`, 'A subagent was spawned.'],
    'subagent.ended': ['subagent_ended', `${child} reason endReason outcome`, 'A subagent ended.'],
    'subagent.idle': ['', `${child} idleForMs`, 'A spawned subagent has shown no activity for a while.'],
  },
  agent: {
    'agent.bootstrap': ['agent:bootstrap', 'workspaceDir bootstrapFiles', 'An agent loaded its workspace files.'],
    'agent.error': ['agent:error', 'error', 'An agent reported an error.'],
    'agent.session_start': ['agent:session:start', '', "An agent's session began."],
    'agent.session_end': ['agent:session:end', '', "An agent's session ended."],
    'agent.before_model_resolve': ['before_model_resolve', 'promptLength', 'A model is about to be chosen.'],
    'agent.before_prompt_build': [
      'before_prompt_build',
      'promptLength messageCount messageRoles',
      'The prompt is about to be built.',
    ],
    'agent.llm_input': [
      'llm_input',
      'provider model promptLength systemPromptLength historyMessageCount imagesCount toolCount',
      'What went to the model.',
    ],
    'agent.llm_output': [
      'llm_output',
      'provider model assistantTextCount assistantTextLengths usage',
      'What came from the model.',
    ],
    'agent.end': [
      'agent_end',
      'success error durationMs messageCount messageRoles lastStopReason',
      "An agent's turn ended; a provider's error shows in lastStopReason only.",
    ],
    'agent.reasoning': ['thinking', 'text', 'What the model thought.'],
    'agent.plan': ['plan', 'phase', "The agent's plan changed."],
    'agent.patch': ['patch', 'phase', 'The agent changed files by a patch.'],
    'agent.run_status': ['run_status', 'phase', 'A run moved to its next phase.'],
    'model.call.started': ['model_call_started', model, 'A call to a model began.'],
    'model.call.ended': ['model_call_ended', `${model} durationMs outcome errorCategory`, 'A call to a model ended.'],
    'model.fallback': [
      'lifecycle',
      'fallbackStepFromModel fallbackStepFromFailureReason fallbackStepFinalOutcome',
      'A model failed and another one was tried, or none was left.',
    ],
    'approval.requested': ['before_tool_call', `${guard} title description`, 'A person is asked to approve a call.'],
    'approval.resolved': ['before_tool_call', `${guard} decision`, 'A person decided on a call.'],
    'context.injected': [
      'before_prompt_build',
      'at eventIds tokens budget counter sha256 layout',
      'Context from the log went into a prompt.',
    ],
    'context.skipped': [
      'before_prompt_build',
      'reason code waitedMs',
      'A turn went on without context that it should have had.',
    ],
  },
  gateway: {
    'gateway.startup': ['gateway:startup', '', 'The gateway is starting up.'],
    'gateway.start': ['gateway_start', 'port', 'The gateway started.'],
    'gateway.pre_restart': ['gateway:pre-restart', '', 'The gateway is about to restart.'],
    'gateway.shutdown': ['gateway:shutdown', 'reason restartExpectedMs', 'The gateway is shutting down.'],
    'gateway.stop': ['gateway_stop', 'reason', 'The gateway stopped.'],
    'cron.changed': ['cron_changed', 'action jobId job', 'A scheduled job was added, changed or removed.'],
    'cron.reconciled': ['cron_reconciled', 'reason enabled', 'The scheduled jobs were set up.'],
    'channel.pairing_requested': [
      'channel_pairing_requested',
      'channel senderId',
      'Somebody asked to talk to the agent; the code is never stored.',
    ],
    'skill.changed': ['skill_changed', '', 'A skill was changed.'],
    'skill.proposal_changed': ['skill_proposal_changed', '', 'A proposed skill was changed.'],
    'install.requested': [
      'before_install',
      'targetType targetName sourcePath',
      'A plugin or skill is about to be installed.',
    ],
    'capture.dropped': ['', 'count reason firstAt lastAt', 'Events could not be recorded; how many and why.'],
    'guard.policy_changed': [
      '',
      'enabled dryRun rules sha256 before',
      'Another guard policy is in force; of which `before` is the sha256.',
    ],
    'log.erased': [
      '',
      'text erased first last by reason',
      'Content was erased from the log; how much, and by which conditions.',
    ],
  },
  delivery: {
    'delivery.disabled': ['', 'reader host reason', 'Nothing is sent to an endpoint until somebody enables it.'],
  },
  synthetic: {
    'agent.activity': ['', 'agentId activity activityDetail sourceEventType toolName', 'An agent did something.'],
    'agent.status': ['', 'agentId status activity activityDetail', "An agent's status changed."],
    'agent.sub_agent_spawn': ['', `${child} mode`, 'An agent spawned a subagent.'],
  },
  conversation: {
    'conversation.message.in': ['before_message_write', 'text', 'Text that went to the model.'],
    'conversation.message.out': ['assistant', 'text delta', 'Text that came from the model.'],
    'conversation.tool_call': ['tool', tool, 'A tool call that no hook told of.'],
    'conversation.tool_result': ['tool', 'toolName result isError', 'A tool result that no hook told of.'],
  },
  lifecycle: {
    'lifecycle.start': ['lifecycle', 'phase startedAt', 'A run began.'],
    'lifecycle.end': ['lifecycle', 'phase startedAt endedAt stopReason aborted', 'A run ended.'],
    'lifecycle.error': ['lifecycle', 'phase startedAt endedAt error', 'A run failed.'],
  },
  memory: {
    'memory.daily_note': ['', memory, 'A daily note, as one file.'],
    'memory.long_term': ['', memory, 'The long-term memory, as one file.'],
    'memory.entity': ['', memory, 'A person, project or other entity from life/areas.'],
    'memory.section': ['', memory, 'One section of a memory file.'],
    'memory.removed': ['', memory, 'A section or file is no longer there.'],
  },
}

/** Every type that we know, with what is known about it. Custom types are welcome beside them. */
export const catalogue: ReadonlyMap<string, TypeEntry> = new Map(
  Object.entries(groups).flatMap(([category, rows]) =>
    Object.entries(rows).map(([type, [hook, fields, summary]]): [string, TypeEntry] => [
      type,
      {category, hook, fields: fields === '' ? [] : fields.split(' '), summary},
    ]),
  ),
)

/** The category of a type: the catalogue's, else the type's first word. */
export function categoryOf(type: string): string {
  return catalogue.get(type)?.category ?? (type.split('.', 1)[0] || 'custom')
}
