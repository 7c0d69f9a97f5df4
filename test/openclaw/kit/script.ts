export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool'
  content?: string | Array<{type: string; text?: string}> | null
  tool_calls?: Array<{id: string; function: {name: string; arguments: string}}>
  tool_call_id?: string
}

export interface ChatRequest {
  messages: ChatMessage[]
  tools?: Array<{function?: {name: string}}>
  stream?: boolean
}

export interface ToolCall {
  name: string
  args: Record<string, unknown>
}

/** What the mock model does with a request. */
export type Answer =
  | {kind: 'text'; text: string}
  | {kind: 'call'; calls: ToolCall[]}
  | {kind: 'endless'; text: string}
  | {kind: 'refuse'; status: number}

/** Rounds of tool calls, one request each; then the model says what the last tool told it. */
const scripts: Record<string, ToolCall[][]> = {
  text: [],
  read: [[read('notes.txt')]],
  exec: [[exec('echo hello-from-exec')]],
  two: [[exec('echo one')], [exec('echo two')]],
  parallel: [[exec('echo par-one'), exec('echo par-two')]],
  toolfail: [[read('does-not-exist.txt')]],
  // So long that the host compresses the entry of its transcript.
  long: [[exec('seq 1 3000')]],
  // Leaves a trace of every command that ran.
  busy: Array.from({length: 60}, (_, round) => [exec(`echo busy-${round} >> ran.txt`), read('notes.txt')]),
  // What our own policy (policy.ts) decides about.
  block: [[exec('echo BLOCKME')]],
  rewrite: [[exec('echo REWRITEME')]],
  askallow: [[exec('echo ASKME allow')]],
  askdeny: [[exec('echo ASKME deny')]],
  askbare: [[exec('echo ASKBARE')]],
  asktimeout: [[exec('echo ASKME timeout')]],
  reloaded: [[exec('echo RELOADED')]],
  faulty: [[exec('echo harmless')]],
  // What the probe plugin, a stranger beside us, does to a call.
  'probe-block': [[exec('echo PROBE-BLOCK')]],
  'probe-block-first': [[exec('echo PROBE-FIRST-BLOCK')]],
  'probe-rewrite': [[exec('echo PROBE-REWRITE')]],
  'probe-throw': [[exec('echo PROBE-THROW')]],
  'probe-throw-first': [[exec('echo PROBE-FIRST-THROW')]],
  'probe-hang': [[exec('echo PROBE-HANG')]],
  'probe-ask': [[exec('echo PROBE-ASK')]],
  spawn: [[{name: 'sessions_spawn', args: {task: '[[SCENARIO:exec]] say hi from the subagent', label: 'child'}}]],
  inner: [[{name: 'tool_call', args: {id: 'session_status', args: {}}}]],
  'inner-block': [[{name: 'tool_call', args: {id: 'agents_list', args: {}}}]],
}

const refusals: Record<string, number> = {error400: 400, error401: 401}

/**
 * The answer to a request. The scenario is the last `[[SCENARIO:name]]` in what a user said; how far it has come is told
 * by the tool results after that, and never by the last message: the host adds messages of its own behind them.
 */
export function answerTo({messages}: ChatRequest): Answer {
  const {name, from} = scenarioOf(messages)
  const rest = messages.slice(from)
  const status = refusals[name]
  if (status !== undefined) return {kind: 'refuse', status}
  if (name === 'endless') return {kind: 'endless', text: ''}
  if (name === 'recall') return {kind: 'text', text: `I remember: ${injectedContext(messages) ?? 'nothing'}`}
  if (rest.some(({role, content}) => role === 'user' && textOf(content).includes('Internal task completion event'))) {
    return {kind: 'text', text: 'The child is done.'}
  }
  const results = rest.filter(({role}) => role === 'tool')
  const rounds = scripts[name] ?? []
  let answered = 0
  for (const calls of rounds) {
    if (results.length < answered + calls.length) return {kind: 'call', calls}
    answered += calls.length
  }
  const last = results.at(-1)
  return {kind: 'text', text: last ? `It said: ${textOf(last.content).slice(0, 200)}` : 'Hello from the mock model.'}
}

function scenarioOf(messages: readonly ChatMessage[]): {name: string; from: number} {
  let found = {name: 'text', from: 0}
  messages.forEach(({role, content}, index) => {
    if (role !== 'user') return
    for (const [, name] of textOf(content).matchAll(/\[\[SCENARIO:([a-z0-9-]+)\]\]/g))
      found = {name: name!, from: index}
  })
  return found
}

/** The context that a plugin had the host add to the system prompt, as the model is sent it. */
export function injectedContext(messages: readonly ChatMessage[]): string | undefined {
  const system = messages.filter(({role}) => role === 'system' || role === 'developer')
  const found = system.map(({content}) => textOf(content)).join('\n')
  return /<claw-events-context>[\s\S]*<\/claw-events-context>/.exec(found)?.[0]
}

export function textOf(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content
  return (content ?? []).map(({text}) => text ?? '').join('\n')
}

function exec(command: string): ToolCall {
  return {name: 'exec', args: {command}}
}

function read(file: string): ToolCall {
  return {name: 'read', args: {path: file}}
}
