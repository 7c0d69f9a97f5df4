import type {VisibilityRule} from '../config/schema/recording.ts'
import type {ClawEvent, Visibility} from '../event/envelope.ts'
import {compileTerms, type EventTest} from '../filter/compile.ts'

/** Compiles the CEL expression of a rule: `compileCel` of filter/cel.ts, loaded by who needs it. */
export type CompileWhere = (expression: string) => EventTest

/**
 * Who may see an event: what the first rule that matches says, else `internal`. Never throws on any event. A rule with
 * a text or an expression that cannot be tried here hides what its other terms match when it is there to hide, and does
 * nothing otherwise.
 */
export function compileVisibility(
  rules: readonly VisibilityRule[],
  compileWhere?: CompileWhere,
): (event: ClawEvent) => Visibility {
  const tests = rules.map((rule) => ({visibility: rule.visibility, test: compileRule(rule, compileWhere)}))
  if (tests.length === 0) return () => 'internal'
  return (event) => tests.find(({test}) => test(event))?.visibility ?? 'internal'
}

function compileRule({visibility, where, text, ...terms}: VisibilityRule, compileWhere?: CompileWhere): EventTest {
  const parts = [() => compileTerms(terms)]
  if (text !== undefined && text !== '') parts.push(() => compileTerms({text}))
  if (where !== undefined && where !== '') parts.push(() => compileWhere?.(where) ?? fallback)
  const fallback: EventTest = () => visibility === 'confidential'
  const tests = parts.map((compile) => {
    try {
      return compile()
    } catch {
      // The configuration's own check names the fault; here it must not end the recording.
      return fallback
    }
  })
  return (event) => tests.every((test) => test(event))
}
