import {messageOf} from '../errors.ts'
import type {TranscriptRow} from '../openclaw/transcript-row.ts'
import {readTranscripts} from '../openclaw/transcripts.ts'
import type {EventStore} from '../store/port.ts'
import {type Check, fine, wrong} from './check.ts'

export interface CoverageOptions {
  /** Epoch milliseconds: older transcripts are not looked at. */
  since: number
  signal?: AbortSignal
}

/** A tool call that a transcript tells of and the log does not. */
interface Missing {
  agentId: string
  sessionId: string
  toolName: string
  at: string
}

/** Ids that are held against the log at once, and missing calls that are named. */
const batchCalls = 500
const mostNamed = 5

/** Holds OpenClaw's own transcripts against the log: every tool call that ran must have been recorded before. */
export async function checkCoverage(stateDir: string, store: EventStore, options: CoverageOptions): Promise<Check[]> {
  const faults: string[] = []
  const coverage = createCoverage(store, options.since)
  try {
    const rows = readTranscripts({
      stateDir,
      since: options.since,
      onFault: ({source, reason}) => faults.push(`${source}: ${reason}`),
    })
    for await (const row of rows) {
      options.signal?.throwIfAborted()
      await coverage.add(row)
    }
  } catch (error) {
    return [wrong('coverage', 'warning', `transcripts cannot be read: ${messageOf(error)}`)]
  }
  const {calls, missing, named} = await coverage.end()
  const unread = faults.slice(0, mostNamed).map((fault) => wrong('coverage.unread', 'warning', fault))
  if (calls === 0 && unread.length === 0) return []
  if (missing === 0)
    return [fine('coverage', `all ${calls} tool calls of OpenClaw's transcripts are in the log`), ...unread]
  const lines = named.map(({agentId, sessionId, toolName, at}) => `${at} ${agentId} ${toolName} (session ${sessionId})`)
  const message = [`${missing} of ${calls} tool calls of OpenClaw's transcripts are not in the log`, ...lines].join(
    '\n',
  )
  const fix = '`claw-events migrate --transcripts` brings in what was before the plugin; later ones were not guarded'
  return [wrong('coverage', 'warning', message, fix), ...unread]
}

function createCoverage(store: EventStore, since: number) {
  let waiting = new Map<string, Missing>()
  let calls = 0
  let missing = 0
  const named: Missing[] = []

  /** Takes those that the log has out of the batch, and counts the rest. */
  async function settle(): Promise<void> {
    if (waiting.size === 0) return
    const sessions = [...new Set([...waiting.values()].map(({sessionId}) => sessionId))]
    const types = ['tool.called', 'conversation.tool_call']
    // A little earlier: the log has the call before the host writes its transcript.
    for await (const {toolCallId} of store.read({types, sessions, since: since - 3_600_000})) {
      if (toolCallId !== undefined) waiting.delete(toolCallId)
    }
    missing += waiting.size
    named.push(...[...waiting.values()].slice(0, mostNamed - named.length))
    waiting = new Map()
  }

  return {
    async add(row: TranscriptRow): Promise<void> {
      for (const {id, name} of toolCallsOf(row.event)) {
        calls++
        const {agentId, sessionId, at} = row
        waiting.set(id, {agentId, sessionId, toolName: name, at: new Date(at).toISOString()})
      }
      if (waiting.size >= batchCalls) await settle()
    },
    async end() {
      await settle()
      return {calls, missing, named}
    },
  }
}

function toolCallsOf({type, message}: TranscriptRow['event']): Array<{id: string; name: string}> {
  if (type !== 'message' || typeof message !== 'object' || message === null) return []
  const {role, content} = message as {role?: unknown; content?: unknown}
  if (role !== 'assistant' || !Array.isArray(content)) return []
  return content.flatMap((part) =>
    part?.type === 'toolCall' && typeof part.id === 'string' ? [{id: part.id, name: String(part.name)}] : [],
  )
}
