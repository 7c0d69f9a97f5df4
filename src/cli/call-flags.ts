import {ClawError, Exit} from '../lib/errors.ts'
import type {ToolCall} from '../lib/guard/call.ts'
import {readCaptured} from '../lib/guard/captured-call.ts'

interface CallFlags {
  tool?: string
  param?: string[]
  call?: string
  agent?: string
  session?: string
  run?: string
}

/** The call that flags describe, piece by piece or as a captured line. */
export function readCallFlags({tool, param = [], call, agent, session, run}: CallFlags): ToolCall {
  const ids = {...(agent && {agentId: agent}), ...(session && {sessionKey: session}), ...(run && {runId: run})}
  if (call !== undefined) return {...readWholeCall(call), ...ids}
  if (tool === undefined) {
    throw new ClawError('USAGE', 'no call to explain', {
      exit: Exit.usage,
      suggestions: ['name it with --tool and --param, or give it whole with --call'],
    })
  }
  return {toolName: tool, params: Object.fromEntries(param.map(readParam)), ...ids}
}

function readWholeCall(text: string): ToolCall {
  const captured = readCaptured(text, '[REDACTED')
  if (captured.kind === 'call') return captured.call
  const why = captured.kind === 'fault' ? captured.error : 'it is no tool call'
  throw new ClawError('INPUT_INVALID', `--call cannot be read: ${why}`, {
    exit: Exit.usage,
    suggestions: ['it takes a JSON object such as {"toolName":"exec","params":{"command":"ls"}}'],
  })
}

function readParam(text: string): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ClawError('USAGE', `--param ${text} has no name and value`, {
      exit: Exit.usage,
      suggestions: ['write --param NAME=VALUE'],
    })
  const value = text.slice(at + 1)
  return [text.slice(0, at), jsonOf(value)]
}

/** Numbers, lists and objects as such; what is no JSON is a text. */
function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
