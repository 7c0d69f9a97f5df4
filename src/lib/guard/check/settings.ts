import {parseDomain} from '../../match/domains.ts'
import type {Policy} from '../policy.ts'
import {unknownTokens} from '../template.ts'
import {effectOf, type Finding, type PlacedRule, rulesInOrder, whensOf} from './finding.ts'

/** Settings of the whole policy that do not go together, or do less than they seem to. */
export function checkSettings(policy: Policy): Finding[] {
  const {toolGuard, actions = {}} = policy
  const found: Finding[] = []
  const asksActions = rulesInOrder(policy).filter(({rule}) => effectOf(rule) === 'action')
  const byTool = toolGuard.scopeKeyBy === 'tool'
  if (byTool && (toolGuard.approvalCacheTtlMs ?? 0) > 0) {
    found.push({
      severity: 'error',
      code: 'cache-by-tool',
      path: 'scopeKeyBy',
      message:
        'an approval by tool would let every other call of the tool pass; approvals are kept by tool and params all the same',
      suggestion: 'set scopeKeyBy to "tool_and_params", or approvalCacheTtlMs to 0',
    })
  }
  if (byTool && (toolGuard.retryBackoffMs ?? 0) > 0) {
    const message = `after one block every call of the same tool is blocked for ${toolGuard.retryBackoffMs} ms in that session`
    found.push({severity: 'note', code: 'backoff-by-tool', path: 'scopeKeyBy', message})
  }
  if ((toolGuard.onError ?? 'allow') === 'allow' && asksActions.length > 0) {
    found.push({
      severity: 'warning',
      code: 'open-on-error',
      path: 'onError',
      message: `when an action fails or is late, the call passes (${asksActions.map(({rule}) => `"${rule.id}"`).join(', ')})`,
      suggestion: 'set onError to "block"',
    })
  }
  const unknown = unknownTokens(toolGuard.retryBackoffReason ?? '', ['retryBackoffRemainingMs', 'blockReason'])
  found.push(...unknown.map((token) => tokenFinding('retryBackoffReason', token)))
  const used = new Set(toolGuard.rules.map(({action}) => action))
  for (const id of Object.keys(actions)) {
    if (!used.has(id))
      found.push({
        severity: 'note',
        code: 'unused-action',
        path: `actions.${id}`,
        message: 'no rule of the guard uses this action',
      })
  }
  if (toolGuard.enabled !== true)
    found.push({severity: 'note', code: 'disabled', path: 'enabled', message: 'the guard is off: no call is judged'})
  else if (toolGuard.dryRun === true)
    found.push({
      severity: 'note',
      code: 'dry-run',
      path: 'dryRun',
      message: 'the guard only says what would have happened',
    })
  return found
}

/** What single rules say twice, in vain or misleadingly. */
export function checkRules(policy: Policy): Finding[] {
  return rulesInOrder(policy).flatMap((placed) => [
    ...checkDecision(placed),
    ...checkDomains(placed),
    ...checkTemplates(placed),
  ])
}

function checkDecision({rule, path}: PlacedRule): Finding[] {
  const found: Finding[] = []
  const warn = (key: string, message: string) =>
    found.push({severity: 'warning', code: 'no-effect', ruleId: rule.id, path: `${path}.${key}`, message})
  const {decision} = rule
  if (decision !== undefined && rule.action !== undefined) warn('action', 'never runs: the decision goes before it')
  if (decision !== undefined && (rule.cooldownMs ?? 0) > 0)
    warn(
      'cooldownMs',
      'does nothing: it is the answer of an action that is remembered, and a fixed decision is always the same',
    )
  if (decision?.block === true && decision.ask !== undefined)
    warn('decision.ask', 'nobody is asked: block goes before ask')
  if (decision?.block === true && decision.params !== undefined)
    warn('decision.params', 'replaces nothing: the call is blocked')
  return found
}

function checkDomains({rule, path}: PlacedRule): Finding[] {
  const found: Finding[] = []
  for (const {when, path: place} of whensOf(rule.when, path)) {
    if (when.domainAllowlist !== undefined && effectOf(rule) === 'block') {
      found.push({
        severity: 'warning',
        code: 'allowlist-blocks',
        ruleId: rule.id,
        path: `${place}.domainAllowlist`,
        message:
          'blocks the hosts in the list: domainAllowlist means "the host is in the list", as domainBlocklist does',
        suggestion: 'to block every other host, use domainNotInList',
      })
    }
    for (const key of ['domainAllowlist', 'domainBlocklist', 'domainNotInList'] as const) {
      for (const [index, entry] of (when[key] ?? []).entries()) {
        if (!hasMoreThanHost(entry)) continue
        const message = `only the host of "${entry}" counts: port, path and user of an entry are not looked at`
        found.push({
          severity: 'warning',
          code: 'domain-entry',
          ruleId: rule.id,
          path: `${place}.${key}[${index}]`,
          message,
        })
      }
    }
  }
  return found
}

function hasMoreThanHost(entry: string): boolean {
  if (parseDomain(entry).kind === 'range') return false
  // A scheme of which nobody knows a usual port: of https it would not tell :443.
  const url = URL.parse(`claw://${entry.trim().replace(/^[a-z][\w+.-]*:\/\/|^\*?\./i, '')}`)
  return url !== null && (url.port !== '' || url.pathname.length > 1 || url.search !== '' || url.username !== '')
}

function checkTemplates({rule: {id, decision}, path}: PlacedRule): Finding[] {
  const texts = {
    blockReason: decision?.blockReason,
    blockReasonTemplate: decision?.blockReasonTemplate,
    'ask.title': decision?.ask?.title,
    'ask.description': decision?.ask?.description,
  }
  return Object.entries(texts).flatMap(([key, text]) =>
    unknownTokens(text ?? '').map((token) => ({...tokenFinding(`${path}.decision.${key}`, token), ruleId: id})),
  )
}

function tokenFinding(path: string, token: string): Finding {
  return {
    severity: 'warning',
    code: 'unknown-token',
    path,
    message: `{{${token}}} is not known and renders as nothing`,
    suggestion: `for a value of the call write {{path:data.params.${token}}}`,
  }
}
