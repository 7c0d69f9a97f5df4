import type {Capture, HookCall} from '../lib/capture/capture.ts'
import type {Recorder} from '../lib/capture/recorder.ts'
import {messageOf} from '../lib/errors.ts'
import type {ClawEvent} from '../lib/event/envelope.ts'
import type {Verdict} from '../lib/guard/verdict.ts'
import type {LiveGuard} from '../lib/wiring/live-guard.ts'

/** From what the host tells to events on their way into the log. Nothing here throws or waits. */
export interface Recording {
  hook(call: HookCall): void
  agentEvent(payload: unknown): void
  verdict(call: HookCall, verdict: Verdict): void
  resolution(call: HookCall, verdict: Verdict, decision: string): void
  tick(): void
  record(events: readonly ClawEvent[]): void
  /** With `capture.strict`: waits until everything so far is in the log; why it is not, where that fails. */
  strictly(): Promise<string | undefined>
  flush(): Promise<void>
}

export interface RecordingParts {
  capture: Capture
  recorder: Recorder
  guard: LiveGuard
  isEnabled: boolean
  strict: {isOn: boolean; timeoutMs: number}
}

const flushMs = 4000

export function createRecording({capture, recorder, guard, isEnabled, strict}: RecordingParts): Recording {
  function record(events: readonly ClawEvent[]): void {
    if (!isEnabled || events.length === 0) return
    for (const event of events) guard.observe(event)
    recorder.record(events)
  }
  return {
    record,
    hook: (call) => record(capture.hook(call)),
    agentEvent: (payload) => record(capture.agentEvent(payload)),
    verdict: (call, verdict) => record(capture.guard(call, verdict)),
    resolution: (call, verdict, decision) => record(capture.approval(call, verdict, decision)),
    tick: () => record(capture.tick()),
    async strictly() {
      if (!strict.isOn) return undefined
      try {
        await recorder.committed(strict.timeoutMs)
        return undefined
      } catch (error) {
        return messageOf(error)
      }
    },
    flush: () => recorder.flush(flushMs),
  }
}
