import type {Capture, HookCall, Told} from '../lib/capture/capture.ts'
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
  /** The guard has to know before the next call; the rest is made when the host does not wait for it. */
  function take({drafts, events}: Told): void {
    if (!isEnabled) return
    for (const draft of drafts) guard.observe(draft)
    recorder.recordLater(events)
  }
  return {
    record(events) {
      if (!isEnabled) return
      for (const event of events) guard.observe(event)
      recorder.record(events)
    },
    hook: (call) => take(capture.hook(call)),
    agentEvent: (payload) => take(capture.agentEvent(payload)),
    verdict: (call, verdict) => take(capture.guard(call, verdict)),
    resolution: (call, verdict, decision) => take(capture.approval(call, verdict, decision)),
    tick: () => take(capture.tick()),
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
