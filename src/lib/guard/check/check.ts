import type {Policy} from '../policy.ts'
import type {Check, Finding} from './finding.ts'
import {checkOrder} from './order.ts'
import {checkPatterns} from './patterns.ts'
import {checkReach} from './reach.ts'
import {checkRules, checkSettings} from './settings.ts'
import {checkUrls} from './urls.ts'

const checks: readonly Check[] = [checkOrder, checkReach, checkUrls, checkRules, checkSettings, checkPatterns]
const ranks = {error: 0, warning: 1, note: 2} as const

/** Everything about a policy that was probably not meant, the worst first. The policy has passed the schema. */
export function checkPolicy(policy: Policy): Finding[] {
  return checks.flatMap((check) => check(policy)).sort((a, b) => ranks[a.severity] - ranks[b.severity])
}
