import type {Chain, Expectation, ExpectedEvent} from './check.ts'

/** What may not occur in a session beyond what is expected: whatever tells of a fact that is stored once. */
const closed = [
  'message.received',
  'message.preprocessed',
  'message.transcribed',
  'message.sent',
  'conversation.*',
  'tool.*',
  'approval.*',
  'command.*',
  'session.*',
  'subagent.*',
  'lifecycle.*',
  'model.call.*',
  'agent.llm_*',
  'agent.end',
  'agent.sub_agent_spawn',
  'capture.dropped',
]

interface Turn {
  said: string
  calls?: Chain[]
  /** How often the model is asked. */
  modelCalls?: number
  reply?: string | RegExp
  /** How the run ends, and with what. */
  end?: ExpectedEvent
  /** What happens to the session after it began. */
  session?: ExpectedEvent[]
}

/** A message of a person, the run that answers it, and everything that belongs to both. */
function turn({said, calls = [], modelCalls = calls.length + 1, reply, end, session = []}: Turn): Chain[] {
  const run = ['runId', 'sessionKey', 'agentId']
  return [
    {
      what: 'the session',
      joinedBy: ['sessionKey', 'sessionId'],
      events: [{type: 'session.start', has: {'data.resumedFrom': undefined}}, ...session],
    },
    {
      what: 'the message',
      joinedBy: ['sessionKey', 'correlationId'],
      events: [{type: 'message.received', has: {'data.content': said}}, {type: 'message.preprocessed'}],
    },
    {
      what: 'the run',
      joinedBy: run,
      events: [
        {type: 'lifecycle.start', has: {source: 'agent-event', stream: 'lifecycle'}},
        {type: 'model.call.started', times: modelCalls, has: {'data.model': 'mock-1'}},
        {type: 'model.call.ended', times: modelCalls},
        end ?? {type: 'lifecycle.end'},
      ],
    },
    {
      what: 'the conversation',
      joinedBy: run,
      events: [
        {type: 'conversation.message.in', has: {'data.text': said}},
        {type: 'conversation.message.out', times: reply === undefined ? 0 : 1, has: {'data.text': reply}},
      ],
    },
    {what: 'what the model got', joinedBy: run, events: [{type: 'agent.llm_input'}, {type: 'agent.llm_output'}]},
    {what: 'the end of the turn', joinedBy: run, events: [{type: 'agent.end'}]},
    ...calls,
  ]
}

interface Call {
  toolName?: string
  /** As the model wrote them. */
  params: Record<string, unknown>
  /** Between the call and its end. */
  guard?: ExpectedEvent[]
  end?: ExpectedEvent[]
  /** Held by every event of the call. */
  has?: Record<string, unknown>
  /** Whether the result enters the transcript; that of an inner call is in the outer one's. */
  isPersisted?: boolean
}

/** One tool call: called, judged, ended, written to the transcript, all with one id and one correlation id. */
function call({toolName = 'exec', params, guard = [], end = [], has = {}, isPersisted = true}: Call): Chain {
  const text = JSON.stringify(params)
  const events = [
    {type: 'tool.called', has: {'data.toolName': toolName, ...below('data.params', params)}},
    ...guard,
    ...end,
    ...(isPersisted ? [{type: 'tool.result_persist', has: {'data.toolName': toolName}}] : []),
  ]
  return {
    what: `the call ${toolName} ${text}`,
    joinedBy: ['toolCallId', 'correlationId', 'sessionKey', 'agentId'],
    events: events.map((event) => ({...event, has: {...event.has, ...has}})),
  }
}

function below(path: string, values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${path}.${key}`, value]))
}

function completed(result: RegExp, params: Record<string, unknown> = {}): ExpectedEvent {
  return {type: 'tool.completed', has: {'data.result': result, ...below('data.params', params)}}
}

function failed(error: RegExp): ExpectedEvent {
  return {type: 'tool.error', has: {'error.message': error}}
}

function matched(ruleId: string): ExpectedEvent {
  return {type: 'tool.guard.matched', has: {'data.matchedRuleId': ruleId, 'data.decisionSource': 'rule'}}
}

function blocked(reason?: RegExp): ExpectedEvent {
  return {type: 'tool.guard.blocked', ...(reason ? {has: {'data.blockReason': reason}} : {})}
}

const allowed: ExpectedEvent = {type: 'tool.guard.allowed'}
const asked: ExpectedEvent = {type: 'approval.requested', has: {'data.toolName': 'exec'}}

function resolved(decision: string): ExpectedEvent {
  return {type: 'approval.resolved', has: {'data.decision': decision}}
}

function execCall(command: string, rest: Omit<Call, 'params'> = {}): Chain {
  return call({params: {command}, ...rest})
}

function said(name: string): string {
  return `run ${name} [[SCENARIO:${name}]]`
}

/** A turn of the scenario of this name in a session of its own. */
function scenario(name: string, rest: Omit<Turn, 'said'> = {}): Expectation {
  return {chains: turn({said: said(name), ...rest}), closed}
}

const hookFailed = /before_tool_call hook failed/

const child = {
  'data.parentAgentId': 'main',
  'data.parentSessionKey': 'agent:main:spawn',
  'data.subagentKey': /^agent:main:subagent:/,
}

/** A turn of an agent that runs in the command line's own process. */
function local(name: string, rest: Omit<Turn, 'said'>): Expectation {
  const {chains} = scenario(name, rest)
  return {chains: chains.filter(({what}) => what !== 'the session' && what !== 'the message'), closed}
}

/** A turn, and then a person's command, after which the host goes on under the same session id. */
function renewed(command: 'new' | 'reset'): Expectation {
  return {
    chains: [
      ...turn({
        said: said('text'),
        reply: 'Hello from the mock model.',
        session: [
          {type: 'session.end', has: {'data.reason': command}},
          {type: 'session.start', has: {'data.resumedFrom': /./}},
        ],
      }),
      {what: 'the command', joinedBy: ['sessionKey'], events: [{type: `command.${command}`}]},
    ],
    closed: ['command.*', 'session.start', 'session.end', 'tool.*', 'lifecycle.*', 'capture.dropped'],
  }
}

/** By scenario: what the log must show of it. Made from DESIGN 5, the catalogue and what S3 promises. */
export const expectations: Record<string, Expectation> = {
  text: scenario('text', {reply: 'Hello from the mock model.'}),
  read: scenario('read', {
    calls: [call({toolName: 'read', params: {path: 'notes.txt'}, end: [completed(/note line one/)]})],
    reply: /note line one/,
  }),
  exec: scenario('exec', {
    calls: [execCall('echo hello-from-exec', {end: [completed(/hello-from-exec/)]})],
    reply: /hello-from-exec/,
  }),
  two: scenario('two', {
    calls: [execCall('echo one', {end: [completed(/one/)]}), execCall('echo two', {end: [completed(/two/)]})],
    reply: /two/,
  }),
  parallel: scenario('parallel', {
    calls: [
      execCall('echo par-one', {end: [completed(/par-one/)]}),
      execCall('echo par-two', {end: [completed(/par-two/)]}),
    ],
    modelCalls: 2,
    reply: /par-two/,
  }),
  long: scenario('long', {
    calls: [execCall('seq 1 3000', {end: [completed(/1\\n2\\n3\\n.*2999\\n3000/)]})],
    reply: /1\n2\n3/,
  }),
  toolfail: scenario('toolfail', {
    calls: [call({toolName: 'read', params: {path: 'does-not-exist.txt'}, end: [failed(/File not found/)]})],
    reply: /File not found/,
  }),
  block: scenario('block', {
    calls: [execCall('echo BLOCKME', {guard: [matched('no-blockme'), blocked(/our policy blocks this/)]})],
    reply: /our policy blocks this/,
  }),
  rewrite: scenario('rewrite', {
    calls: [
      execCall('echo REWRITEME', {
        guard: [matched('rewrite-rewriteme'), allowed],
        end: [completed(/rewritten-by-policy/, {command: 'echo rewritten-by-policy'})],
      }),
    ],
    reply: /rewritten-by-policy/,
  }),
  askallow: scenario('askallow', {
    calls: [
      execCall('echo ASKME allow', {
        guard: [matched('ask-askme'), asked, resolved('allow-once'), allowed],
        end: [completed(/ASKME allow/)],
      }),
    ],
    reply: /ASKME allow/,
  }),
  askbare: scenario('askbare', {
    calls: [
      execCall('echo ASKBARE', {
        guard: [matched('ask-askbare'), asked, resolved('allow-once'), allowed],
        end: [completed(/ASKBARE/)],
      }),
    ],
    reply: /ASKBARE/,
  }),
  askdeny: scenario('askdeny', {
    calls: [execCall('echo ASKME deny', {guard: [matched('ask-askme'), asked, resolved('deny'), blocked()]})],
    reply: /Denied by user/,
  }),
  asktimeout: scenario('asktimeout', {
    calls: [execCall('echo ASKME timeout', {guard: [matched('ask-askme'), asked, resolved('timeout'), blocked()]})],
    reply: /timed out/,
  }),
  'probe-block': scenario('probe-block', {
    calls: [execCall('echo PROBE-BLOCK', {end: [failed(/the probe blocks this/)]})],
    reply: /the probe blocks this/,
  }),
  'probe-block-first': scenario('probe-block-first', {
    calls: [execCall('echo PROBE-FIRST-BLOCK', {end: [failed(/the probe blocks this/)]})],
    reply: /the probe blocks this/,
  }),
  // What runs is what the guard judged.
  'probe-rewrite': scenario('probe-rewrite', {
    calls: [execCall('echo PROBE-REWRITE', {end: [completed(/PROBE-REWRITE/, {command: 'echo PROBE-REWRITE'})]})],
    reply: /PROBE-REWRITE/,
  }),
  'probe-throw': scenario('probe-throw', {
    calls: [execCall('echo PROBE-THROW', {end: [failed(hookFailed)]})],
    reply: hookFailed,
  }),
  'probe-throw-first': scenario('probe-throw-first', {
    calls: [execCall('echo PROBE-FIRST-THROW', {end: [failed(hookFailed)]})],
    reply: hookFailed,
  }),
  'probe-hang': scenario('probe-hang', {
    calls: [execCall('echo PROBE-HANG', {end: [failed(hookFailed)]})],
    reply: hookFailed,
  }),
  'probe-ask': scenario('probe-ask', {
    calls: [execCall('echo PROBE-ASK', {end: [failed(/Denied by user/)]})],
    reply: /Denied by user/,
  }),
  endless: {
    chains: [
      {what: 'the session', joinedBy: ['sessionKey', 'sessionId'], events: [{type: 'session.start'}]},
      {
        what: 'the run',
        joinedBy: ['runId', 'sessionKey', 'agentId'],
        events: [
          {type: 'lifecycle.start'},
          {type: 'model.call.started'},
          {type: 'lifecycle.end', has: {'data.aborted': true, 'data.status': 'cancelled'}},
        ],
      },
      {
        what: 'the model call',
        joinedBy: ['runId'],
        // The host tells of its end when the run is over already.
        events: [{type: 'model.call.ended', has: {'data.outcome': 'error'}}],
      },
      {what: 'what was asked', joinedBy: ['runId'], events: [{type: 'conversation.message.in'}]},
      // What the model had said until then.
      {
        what: 'what was said',
        joinedBy: ['runId'],
        events: [{type: 'conversation.message.out', times: {min: 0, max: 1}}],
      },
      {what: 'the end of the turn', joinedBy: ['runId'], events: [{type: 'agent.end', has: {'data.success': false}}]},
    ],
    closed: ['tool.*', 'session.*', 'lifecycle.*', 'model.call.*', 'conversation.*', 'agent.end', 'capture.dropped'],
  },
  spawn: {
    chains: [
      ...turn({
        said: said('spawn'),
        calls: [call({toolName: 'sessions_spawn', params: {label: 'child'}, end: [completed(/accepted/)]})],
        reply: /accepted/,
      }),
      {
        what: 'the subagent',
        joinedBy: ['data.childSessionKey'],
        events: [
          {type: 'subagent.spawned', has: {'data.childSessionKey': /^agent:main:subagent:/}},
          {type: 'agent.sub_agent_spawn'},
        ],
      },
      {
        what: "the subagent's end",
        joinedBy: ['agentId'],
        events: [{type: 'subagent.ended', has: {'data.outcome': 'ok'}}],
      },
      {
        what: "the subagent's run",
        joinedBy: ['runId', 'sessionKey'],
        events: [
          {type: 'lifecycle.start', has: {sessionKey: /^agent:main:subagent:/}},
          {type: 'model.call.started', times: 2},
          {type: 'conversation.message.out'},
          {type: 'lifecycle.end'},
        ],
      },
      execCall('echo hello-from-exec', {end: [completed(/hello-from-exec/)], has: child}),
      {
        what: 'the run that tells the parent',
        joinedBy: ['runId', 'sessionKey'],
        events: [
          {type: 'lifecycle.start', has: {runId: /^announce:/, sessionKey: 'agent:main:spawn'}},
          {type: 'lifecycle.end'},
        ],
      },
    ],
    closed: ['tool.*', 'subagent.*', 'agent.sub_agent_spawn', 'lifecycle.*', 'capture.dropped'],
  },
  new: renewed('new'),
  reset: renewed('reset'),
  reloaded: scenario('reloaded', {
    calls: [execCall('echo RELOADED', {guard: [matched('no-reloaded'), blocked(/since the reload/)]})],
    reply: /since the reload/,
  }),
  faulty: scenario('faulty', {
    calls: [execCall('echo harmless', {guard: [blocked(/configuration|policy|pattern/i)]})],
    reply: /tool guard/i,
  }),
  error400: scenario('error400', {end: {type: 'lifecycle.error', has: {'error.message': /rejected/}}}),
  error401: scenario('error401', {end: {type: 'lifecycle.error', has: {'error.message': /./}}}),
  inner: scenario('inner', {
    calls: [
      call({toolName: 'tool_call', params: {id: 'session_status'}, end: [completed(/./)]}),
      call({
        toolName: 'session_status',
        params: {},
        end: [completed(/./)],
        has: {toolCallId: /^tool_search_code:/},
        isPersisted: false,
      }),
    ],
    modelCalls: 2,
    reply: /./,
  }),
  'inner-block': scenario('inner-block', {
    calls: [
      call({toolName: 'tool_call', params: {id: 'agents_list'}, end: [failed(/our policy blocks the inner call/)]}),
      call({
        toolName: 'agents_list',
        params: {},
        guard: [matched('no-agents-list'), blocked(/our policy blocks the inner call/)],
        has: {toolCallId: /^tool_search_code:/},
        isPersisted: false,
      }),
    ],
    modelCalls: 2,
    reply: /our policy blocks the inner call/,
  }),
  // Without a gateway the host has no services, no sessions of its own and no messages of a channel.
  'local-exec': local('exec', {
    calls: [execCall('echo hello-from-exec', {end: [completed(/hello-from-exec/)]})],
    reply: /hello-from-exec/,
  }),
  'local-block': local('block', {
    calls: [execCall('echo BLOCKME', {guard: [matched('no-blockme'), blocked(/our policy blocks this/)]})],
    reply: /our policy blocks this/,
  }),
}
