import type {Turn} from './kit/turn.ts'

/** How a scenario is driven: one turn after the other, in a session named after it. */
export interface Scenario {
  name: string
  /** The title of its test. */
  title: string
  turns: Array<Omit<Turn, 'sessionKey'>>
  /** Its sessions beside its own: those of subagents. */
  hasChildren?: boolean
}

function scenario(name: string, title: string, turn: Partial<Turn> = {}): Scenario {
  return {name, title, turns: [{message: `run ${name} [[SCENARIO:${name}]]`, ...turn}]}
}

function command(name: string, title: string): Scenario {
  return {name, title, turns: [{message: 'run text [[SCENARIO:text]]'}, {message: `/${name}`}]}
}

/** What a gateway is put through. */
export const scenarios: readonly Scenario[] = [
  scenario('text', 'records a message and its answer'),
  scenario('read', 'records a tool call that reads a file'),
  scenario('exec', 'records a tool call that runs a command'),
  scenario('two', 'tells two tool calls of one turn apart'),
  scenario('parallel', 'tells two tool calls of one model answer apart'),
  scenario('long', 'records a long result whole'),
  scenario('toolfail', 'records that a tool failed'),
  scenario('block', 'blocks a call, and says by which rule'),
  scenario('rewrite', 'rewrites a call, and keeps what the model had asked for'),
  scenario('askallow', 'asks a person, who allows the call', {decide: 'allow-once'}),
  scenario('askdeny', 'asks a person, who denies the call', {decide: 'deny'}),
  scenario('askbare', 'asks a person where the policy gives no text', {decide: 'allow-once'}),
  scenario('asktimeout', 'asks a person who does not answer'),
  scenario('probe-block', 'records that another plugin blocked a call'),
  scenario('probe-block-first', 'records a call that another plugin blocked before we were asked'),
  scenario('probe-rewrite', 'runs what was judged, whatever another plugin makes of it'),
  scenario('probe-throw', "records a call that failed with another plugin's hook"),
  scenario('probe-throw-first', "records a call that failed with another plugin's hook before we were asked"),
  scenario('probe-hang', "records a call that failed because another plugin's hook was late"),
  scenario('probe-ask', 'records a call that another plugin asked about', {decide: 'deny'}),
  {...scenario('spawn', 'records a subagent, its run and its calls as those of a child'), hasChildren: true},
  scenario('endless', 'records that a run was aborted', {abort: true}),
  command('new', 'records that a person began a new session'),
  command('reset', 'records that a person reset the session'),
]

/** The host does without a provider for a while that refused its key, so these come last. */
export const providerScenarios: readonly Scenario[] = [
  scenario('error400', 'records that the provider refused a request'),
  scenario('error401', 'records that the provider refused the key'),
]

/** After the policy was changed while the gateway ran. */
export const reloadedScenarios: readonly Scenario[] = [scenario('reloaded', 'judges by the new policy')]

/** After the policy was changed to one that cannot be compiled. */
export const faultyScenarios: readonly Scenario[] = [scenario('faulty', 'blocks every call, and says why')]

/** With tool search on: calls that the model makes through another tool. */
export const innerScenarios: readonly Scenario[] = [
  scenario('inner', 'records an inner call beside the outer one'),
  scenario('inner-block', 'judges an inner call as itself'),
]
