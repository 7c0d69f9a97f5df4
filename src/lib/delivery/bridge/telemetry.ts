import type {HookBridgeSettings} from '../../config/schema/hook-bridge.ts'
import type {Diagnostics} from '../diagnostics.ts'

/** Tells the operator when the bridge is in trouble, once for each trouble and not for each event. */
export interface BridgeTelemetry {
  /** After a job was queued, or one ended. */
  queue(pending: number, running: number, now: number): void
  /** After an action ended. */
  action(ruleId: string, ok: boolean, durationMs: number, now: number): void
}

export interface TelemetryOptions {
  settings: HookBridgeSettings['telemetry']
  runtime: HookBridgeSettings['runtime']
  diagnostics: Diagnostics
}

/** Outcomes that are looked at for the failure rate; beyond it the oldest are forgotten early. */
const mostOutcomes = 10_000

export function createTelemetry({settings, runtime, diagnostics}: TelemetryOptions): BridgeTelemetry {
  const marks = settings.highWatermarks.toSorted((a, b) => a - b)
  let markReached = 0
  let saturatedSince: number | undefined
  let isSaturationSaid = false
  let outcomes: Array<{at: number; ok: boolean}> = []
  let isRateSaid = false

  function saturation(running: number, now: number): void {
    if (running < runtime.concurrency) {
      saturatedSince = undefined
      isSaturationSaid = false
      return
    }
    saturatedSince ??= now
    if (isSaturationSaid || now - saturatedSince < settings.saturationWindowMs) return
    isSaturationSaid = true
    diagnostics.warn(`bridge: all ${runtime.concurrency} workers have been busy for ${now - saturatedSince} ms`)
  }

  function failureRate(now: number): void {
    outcomes = outcomes.filter(({at}) => at > now - settings.failureRateWindowMs).slice(-mostOutcomes)
    if (outcomes.length < settings.failureRateMinSamples) return
    const percent = (100 * outcomes.filter(({ok}) => !ok).length) / outcomes.length
    const isHigh = percent >= settings.failureRateThresholdPct
    if (isHigh && !isRateSaid) {
      diagnostics.warn(`bridge: ${Math.round(percent)} % of the last ${outcomes.length} actions failed`)
    }
    isRateSaid = isHigh
  }

  return {
    queue(pending, running, now) {
      saturation(running, now)
      const percent = (100 * pending) / runtime.maxPendingEvents
      const mark = marks.findLast((one) => percent >= one) ?? 0
      if (mark > markReached) {
        diagnostics.warn(`bridge: ${pending} actions wait, ${mark} % of the ${runtime.maxPendingEvents} that may`)
      }
      markReached = mark
    },
    action(ruleId, ok, durationMs, now) {
      if (durationMs >= settings.slowActionMs) {
        diagnostics.warn(`bridge: the action of rule "${ruleId}" took ${Math.round(durationMs)} ms`)
      }
      outcomes.push({at: now, ok})
      failureRate(now)
    },
  }
}
