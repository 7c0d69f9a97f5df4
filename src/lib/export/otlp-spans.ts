import type {ClosedRun} from '../event/runs/book.ts'
import type {Decision, MessageStep, ModelStep, Run, ToolStep, Usage} from '../event/runs/model.ts'
import {attributesOf, nanoseconds, type OtlpAttribute} from './otlp-attributes.ts'
import {modelSpanId, runSpanId, toolSpanId, traceId} from './otlp-ids.ts'

/** A span of OTLP in JSON (opentelemetry-proto, trace.proto). */
export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: OtlpAttribute[]
  events?: Array<{timeUnixNano: string; name: string; attributes: OtlpAttribute[]}>
  links?: Array<{traceId: string; spanId: string}>
  status?: {code: number; message: string}
}

const internalKind = 1
const clientKind = 3
const errorCode = 2

/** The spans of one run: itself, its tool calls, its calls to the model. */
export function spansOf(run: ClosedRun, {withContent}: {withContent: boolean}): OtlpSpan[] {
  const spans = run.steps.flatMap((step) => {
    if (step.kind === 'tool') return [toolSpan(run, step)]
    return step.kind === 'model' ? [modelSpan(run, step)] : []
  })
  // Of a run that was written already, only what came after is new.
  return run.isRest ? spans : [runSpan(run, withContent), ...spans]
}

function runSpan(run: ClosedRun, withContent: boolean): OtlpSpan {
  const {parent, announces, status, stopReason} = run
  const isCut = status === 'running'
  return {
    ...spanOf(run, runSpanId(run.runId), `invoke_agent ${run.agentId}`, internalKind, run.startMs, run.endMs),
    ...(parent && {
      parentSpanId: parent.toolCallId === undefined ? runSpanId(parent.runId) : toolSpanId(parent.runId, parent),
    }),
    attributes: attributesOf({
      'gen_ai.operation.name': 'invoke_agent',
      ...commonOf(run),
      'gen_ai.agent.name': run.agentId,
      ...modelOf(run),
      'gen_ai.response.finish_reasons': stopReason === undefined ? undefined : [stopReason],
      ...usageOf(run.usage),
      ...errorOf(status === 'cancelled' ? {kind: 'cancelled'} : run.error),
      'openclaw.run.status': status,
      'openclaw.incomplete': isCut || undefined,
      'openclaw.dropped_steps': run.droppedSteps || undefined,
      ...(withContent && contentOf(run)),
    }),
    ...(announces !== undefined && {links: [{traceId: traceId(run.rootRunId), spanId: runSpanId(announces)}]}),
    ...statusOf(run.error ?? (status === 'cancelled' ? {message: 'cancelled'} : undefined)),
  }
}

function toolSpan(run: ClosedRun, step: ToolStep): OtlpSpan {
  const {toolCallId, toolName, startMs, endMs, status, error, decisions} = step
  const outer = step.parentToolCallId === undefined ? undefined : outerStep(run, step.parentToolCallId)
  return {
    ...spanOf(run, toolSpanId(run.runId, step), `execute_tool ${toolName}`, internalKind, startMs, endMs ?? run.endMs),
    parentSpanId: outer ? toolSpanId(run.runId, outer) : runSpanId(run.runId),
    attributes: attributesOf({
      'gen_ai.operation.name': 'execute_tool',
      ...commonOf(run),
      'gen_ai.tool.name': toolName,
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': toolCallId,
      'gen_ai.tool.call.arguments': textOf(step.params),
      'gen_ai.tool.call.result': textOf(step.result),
      ...errorOf(status === 'blocked' ? {kind: 'blocked'} : error),
      'openclaw.incomplete': endMs === undefined || undefined,
    }),
    ...(decisions.length > 0 && {events: decisions.map(decisionEvent)}),
    ...statusOf(error),
  }
}

function modelSpan(run: ClosedRun, step: ModelStep): OtlpSpan {
  const {startMs, endMs, error, responseId, stopReason, usage} = step
  const names = {provider: step.provider ?? run.provider, model: step.model ?? run.model}
  const name = names.model === undefined ? 'chat' : `chat ${names.model}`
  return {
    ...spanOf(run, modelSpanId(run.runId, step), name, clientKind, startMs, endMs ?? run.endMs),
    parentSpanId: runSpanId(run.runId),
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      ...commonOf(run),
      ...modelOf(names),
      'gen_ai.response.id': responseId,
      'gen_ai.response.finish_reasons': stopReason === undefined ? undefined : [stopReason],
      ...usageOf(usage),
      ...errorOf(error),
      'openclaw.incomplete': endMs === undefined || undefined,
    }),
    ...statusOf(error),
  }
}

function spanOf(run: ClosedRun, spanId: string, name: string, kind: number, startMs: number, endMs: number) {
  return {
    traceId: traceId(run.rootRunId),
    spanId,
    name: name.toWellFormed(),
    kind,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(Math.max(startMs, endMs)),
  }
}

function outerStep(run: Run, toolCallId: string): ToolStep | undefined {
  const found = run.steps.findLast((step) => step.kind === 'tool' && step.toolCallId === toolCallId)
  return found?.kind === 'tool' ? found : undefined
}

function commonOf({runId, agentId, sessionId, sessionKey}: Run) {
  return {
    'gen_ai.agent.id': agentId,
    'gen_ai.conversation.id': sessionId ?? sessionKey,
    'openclaw.run.id': runId,
    'openclaw.session.key': sessionKey,
  }
}

/** The conventions' names for providers that OpenClaw calls otherwise. */
const providerNames: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  'google-vertex': 'gcp.vertex_ai',
  'amazon-bedrock': 'aws.bedrock',
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
}

function modelOf({provider, model}: {provider?: string; model?: string}) {
  const known = provider !== undefined && Object.hasOwn(providerNames, provider) ? providerNames[provider] : provider
  return {'gen_ai.provider.name': known, 'gen_ai.request.model': model}
}

/** The conventions count cached tokens as input, too. */
function usageOf(usage: Usage | undefined): Record<string, number | undefined> {
  if (usage === undefined) return {}
  const {input, output, cacheRead, cacheWrite} = usage
  const all = input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0)
  return {
    'gen_ai.usage.input_tokens': all,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheWrite,
  }
}

function errorOf(error: {kind?: string} | undefined): {'error.type'?: string} {
  return error === undefined ? {} : {'error.type': error.kind ?? '_OTHER'}
}

function statusOf(error: {message: string} | undefined): Pick<OtlpSpan, 'status'> {
  return error === undefined ? {} : {status: {code: errorCode, message: error.message.toWellFormed()}}
}

function decisionEvent({atMs, type, ruleId, actionId, source, reason, decision}: Decision) {
  return {
    timeUnixNano: nanoseconds(atMs),
    name: `openclaw.${type}`,
    attributes: attributesOf({
      'openclaw.guard.rule.id': ruleId,
      'openclaw.guard.action.id': actionId,
      'openclaw.guard.source': source,
      'openclaw.guard.reason': reason,
      'openclaw.approval.decision': decision,
    }),
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}

/** What was said, in the conventions' form of messages. */
function contentOf({steps, stopReason}: Run) {
  const messages = (wanted: MessageStep['direction']) =>
    steps.flatMap((step) => (step.kind === 'message' && step.direction === wanted ? [step.text] : []))
  const parts = (content: string) => [{type: 'text', content}]
  const input = messages('in').map((text) => ({role: 'user', parts: parts(text)}))
  const output = messages('out').map((text) => ({
    role: 'assistant',
    parts: parts(text),
    finish_reason: stopReason ?? 'stop',
  }))
  return {
    'gen_ai.input.messages': input.length > 0 ? JSON.stringify(input) : undefined,
    'gen_ai.output.messages': output.length > 0 ? JSON.stringify(output) : undefined,
  }
}
