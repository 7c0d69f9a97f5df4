import {type PatternNode, parsePattern} from '../../match/pattern-syntax.ts'
import type {Policy} from '../policy.ts'
import {type Finding, rulesInOrder, whensOf} from './finding.ts'

/**
 * Patterns with a repetition inside a repetition: they hang engines that backtrack. Here they run in linear time, but
 * the same policy may be used elsewhere, and there is always a simpler way to write them.
 */
export function checkPatterns(policy: Policy): Finding[] {
  return rulesInOrder(policy).flatMap(({rule, path}) =>
    [...whensOf(rule.when, path)].flatMap(({when, path: place}) =>
      (['matchesRegex', 'notMatchesRegex'] as const).flatMap((key) =>
        Object.entries(when[key] ?? {})
          .map(([onPath, pattern]) => ({onPath, source: typeof pattern === 'string' ? pattern : pattern.pattern}))
          .filter(({source}) =>
            parsePattern(source).some((sequence) => sequence.some((node) => isCatastrophic(node, false))),
          )
          .map(({onPath, source}) => ({
            severity: 'note' as const,
            code: 'nested-repetition',
            ruleId: rule.id,
            path: `${place}.${key}[${JSON.stringify(onPath)}]`,
            message: `"${source}" repeats a repetition: elsewhere such a pattern can hang, here it cannot`,
          })),
      ),
    ),
  )
}

function isCatastrophic(node: PatternNode, isInside: boolean): boolean {
  if (node.kind === 'group')
    return node.options.some(
      (sequence) => isFree(sequence, isInside) || sequence.some((inner) => isCatastrophic(inner, false)),
    )
  if (node.kind !== 'repeat') return false
  return isCatastrophic(node.node, isUnbounded(node))
}

/** A sequence that consists of nothing but repetitions, inside a repetition: a text can be split in many ways. */
function isFree(sequence: readonly PatternNode[], isInside: boolean): boolean {
  const taking = sequence.filter(({kind}) => kind !== 'anchor')
  return isInside && taking.length > 0 && taking.every((node) => node.kind === 'repeat') && taking.some(isUnbounded)
}

function isUnbounded(node: PatternNode): boolean {
  return node.kind === 'repeat' && /^(?:[*+]|\{\d+,\})/.test(node.re2)
}
