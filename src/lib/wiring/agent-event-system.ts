import path from 'node:path'
import {type AgentEventSystem, createAgentEventSystem} from '../agent-events/agent-events.ts'
import {transcriptRecord} from '../agent-events/transcript.ts'
import {stateDirectory} from '../config/state-dir.ts'

export interface AgentEventSystemOptions {
  environment: NodeJS.ProcessEnv
  /** Epoch milliseconds. */
  now: () => number
  /** A listener, or the transcript, failed. */
  onFault: (fault: unknown) => void
}

/**
 * The agent event system of a program: transcripts go to `<state>/claw-events/transcripts`, one file for each session.
 * Nothing is made on the disk before the first event.
 */
export function openAgentEventSystem({environment, now, onFault}: AgentEventSystemOptions): AgentEventSystem {
  let record: ReturnType<typeof transcriptRecord> | undefined
  return createAgentEventSystem({
    now,
    onFault,
    record(event) {
      record ??= transcriptRecord(path.join(stateDirectory({env: environment}), 'claw-events', 'transcripts'))
      record(event)
    },
  })
}
