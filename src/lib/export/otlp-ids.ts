import {hash} from 'node:crypto'
import type {ModelStep, SpawnPlace, ToolStep} from '../event/runs/model.ts'

// Ids come from what the log calls things: exporting again, or from a copy, gives the same trace.

/** 16 bytes, of the run from which all of the trace came. */
export function traceId(rootRunId: string): string {
  return idOf(32, 'trace', rootRunId)
}

export function runSpanId(runId: string): string {
  return idOf(16, 'run', runId)
}

export function toolSpanId(runId: string, {toolCallId, toolName, nth}: ToolStep | (SpawnPlace & {toolName?: string})) {
  return toolCallId === undefined
    ? idOf(16, 'tool by name', runId, toolName ?? '', nth)
    : idOf(16, 'tool', runId, toolCallId, nth)
}

export function modelSpanId(runId: string, {callId}: ModelStep): string {
  return idOf(16, 'model', runId, callId)
}

function idOf(digits: 16 | 32, ...parts: Array<string | number>): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, digits)
}
