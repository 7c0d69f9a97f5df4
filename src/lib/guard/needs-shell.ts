import type {Policy} from './policy.ts'
import type {RuleWhen} from './schema.ts'

/** Whether a rule looks into command lines: only then is the shell's parser loaded. */
export function needsShell({toolGuard}: Policy): boolean {
  return toolGuard.rules.some(({when}) => hasShell(when))
}

function hasShell({shell, not, any = [], all = []}: RuleWhen): boolean {
  return shell !== undefined || [...any, ...all, ...(not === undefined ? [] : [not])].some(hasShell)
}
