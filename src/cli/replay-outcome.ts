import {Exit} from '../lib/errors.ts'
import type {Policy} from '../lib/guard/policy.ts'
import type {ReplaySummary} from '../lib/guard/replay-summary.ts'

type FailOn = 'block' | 'change' | 'error'

/** 3 when something happened that `--fail-on` names, else 1 when a record could not be read, else 0. */
export function replayExit(
  {summary, changed = 0}: {summary: ReplaySummary; changed?: number},
  failOn: readonly FailOn[] = [],
): number {
  const happened: Record<FailOn, boolean> = {block: summary.block > 0, change: changed > 0, error: summary.errors > 0}
  if (failOn.some((what) => happened[what])) return Exit.no
  return summary.errors > 0 ? Exit.failed : Exit.done
}

/** What a reader of the verdicts must know about the policy. */
export function replayNotes({toolGuard}: Policy, flags: {'as-enabled'?: boolean}): string[] {
  if (flags['as-enabled'] || (toolGuard.enabled && !toolGuard.dryRun)) return []
  const state = toolGuard.enabled ? 'in dry run' : 'disabled'
  return [
    `the policy is ${state}: live would allow every call; shown is what it would do (--as-enabled counts by that)`,
  ]
}
