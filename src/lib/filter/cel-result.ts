import type {CelFunc} from '@bufbuild/cel'

/** A node of a syntax tree: `{case, value}` of the CEL protobuf schema. */
interface Expression {
  exprKind: {case?: string; value?: unknown}
}

/** Variables of the envelope that are never true or false. */
const neverBoolean = new Set(['data', 'metadata', 'event', 'error'])

/**
 * Whether an expression may come out as true or false. What only an event tells (`data.flag`) may; `1 + 1` never does.
 *
 * @param texts names of variables that hold texts or numbers
 */
export function mayBeBoolean(
  expression: unknown,
  {functions, texts}: {functions: Iterable<CelFunc>; texts: readonly string[]},
): boolean {
  const results = Map.groupBy(functions, ({name}) => name)
  const others = new Set<string>([...neverBoolean, ...texts])

  function mayBe(node: unknown, accumulator?: {name: string; start: unknown}): boolean {
    const {case: kind, value} = (node as Partial<Expression> | undefined)?.exprKind ?? {}
    const parts = (value ?? {}) as Record<string, unknown>
    if (kind === 'constExpr') return (parts['constantKind'] as {case?: string}).case === 'boolValue'
    if (kind === 'listExpr') return false
    if (kind === 'structExpr') return parts['messageName'] !== ''
    if (kind === 'identExpr') {
      const name = String(parts['name'])
      return name === accumulator?.name ? mayBe(accumulator.start) : !others.has(name)
    }
    if (kind === 'comprehensionExpr') {
      return mayBe(parts['result'], {name: String(parts['accuVar']), start: parts['accuInit']})
    }
    if (kind === 'callExpr') return mayCallBe(String(parts['function']), parts['args'] as readonly unknown[])
    return true
  }

  function mayCallBe(name: string, args: readonly unknown[]): boolean {
    if (name === '_?_:_') return mayBe(args[1]) || mayBe(args[2])
    if (name === 'dyn') return mayBe(args[0])
    return results.get(name)?.some(({result}) => result.name === 'bool' || result.name === 'dyn') ?? true
  }

  return mayBe(expression)
}
