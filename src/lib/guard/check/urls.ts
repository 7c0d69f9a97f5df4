import type {Policy} from '../policy.ts'
import type {RuleWhen} from '../schema.ts'
import {type Finding, rulesInOrder, whensOf} from './finding.ts'

/** Patterns on raw URLs: what they match is rarely the host that was meant. */
export function checkUrls(policy: Policy): Finding[] {
  return rulesInOrder(policy).flatMap(({rule, path}) =>
    [...whensOf(rule.when, path)].flatMap((at) =>
      patternsOf(at.when).flatMap(({key, onPath, source}) =>
        faultsOf(key, onPath, source).map((fault) => ({
          severity: 'warning' as const,
          ruleId: rule.id,
          path: `${at.path}.${key}[${JSON.stringify(onPath)}]`,
          ...fault,
        })),
      ),
    ),
  )
}

type UrlFault = Pick<Finding, 'code' | 'message' | 'suggestion'>

function patternsOf(when: RuleWhen): {key: string; onPath: string; source: string}[] {
  return (['matchesRegex', 'notMatchesRegex'] as const).flatMap((key) =>
    Object.entries(when[key] ?? {}).map(([onPath, pattern]) => ({
      key,
      onPath,
      source: typeof pattern === 'string' ? pattern : pattern.pattern,
    })),
  )
}

function faultsOf(key: string, onPath: string, source: string): UrlFault[] {
  const namesHost = /https?\??:|:\/\/|:\\\/\\\//.test(source)
  if (!namesHost && !/(?:^|[._])(?:ur[li]|href|link)s?$/i.test(onPath)) return []
  const list = key === 'notMatchesRegex' ? 'domainNotInList' : 'domainBlocklist'
  const found: UrlFault[] = []
  if (isPrivateHosts(source)) {
    found.push({
      code: 'url-private-hosts',
      message:
        'a pattern cannot tell addresses: 127.0.0.2, [::1], 2130706433 and 169.254.169.254 pass, 10.example.com does not',
      suggestion:
        'use "domainBlocklist": ["localhost", "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1", "fc00::/7", "fe80::/10"]',
    })
  }
  if (!source.split('|').every((option) => /^\(?(?:\?:)?\^/.test(option)) && !/^\^/.test(source)) {
    found.push({
      code: 'url-not-anchored',
      message: `"${source}" is looked for anywhere in the URL, also in its path and query`,
      suggestion: `begin it with ^, or use ${list}, which looks at the host alone`,
    })
  }
  if (/(?:[a-z0-9-]\\?\.)+[a-z]{2,}\)?$/i.test(source)) {
    found.push({
      code: 'url-host-not-ended',
      message: `"${source}" also matches a longer host, such as the same name followed by .evil.net`,
      suggestion: `end the host with (?:[/?#:]|$), or use ${list}`,
    })
  }
  if (/(?:^|[^\\.])[a-z0-9-]{2,}\.(?:com|org|net|io|dev|ai|de|gov|edu|local|internal)\b/i.test(source)) {
    found.push({
      code: 'url-dot',
      message: `an unescaped dot in "${source}" stands for any character`,
      suggestion: 'write \\\\. in JSON',
    })
  }
  return found
}

function isPrivateHosts(source: string): boolean {
  return /localhost|127\\?\.|192\\?\.168|169\\?\.254|\b10\\\./.test(source)
}
