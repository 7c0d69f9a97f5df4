import {hash} from 'node:crypto'
import type {ToolCall} from './call.ts'
import {EngineFault} from './engine-fault.ts'

/** The deepest nesting of params that is judged. */
export const depthLimit = 1000

/** Lists and objects that are looked through before a call counts as too large. */
const nodeLimit = 5_000_000

/** Throws `EngineFault` for params that are nested too deep, contain themselves, or have no end. Never recurses. */
export function checkShape(params: unknown): void {
  if (!hasNested(params)) return
  const nodes: object[] = [params as object]
  const depths: number[] = [1]
  let visited = 0
  while (nodes.length > 0) {
    const node = nodes.pop()!
    const depth = depths.pop()! + 1
    for (const child of Array.isArray(node) ? node : Object.values(node)) {
      if (typeof child !== 'object' || child === null) continue
      if (depth > depthLimit)
        throw new EngineFault(`its params are nested deeper than ${depthLimit} levels or contain themselves`)
      if (++visited > nodeLimit) throw new EngineFault(`its params have more than ${nodeLimit} lists and objects`)
      nodes.push(child)
      depths.push(depth)
    }
  }
}

/** Most calls have a flat object of texts and numbers, which needs no walk. */
function hasNested(params: unknown): boolean {
  if (typeof params !== 'object' || params === null) return false
  for (const key in params) {
    const value = (params as Record<string, unknown>)[key]
    if (typeof value === 'object' && value !== null) return true
  }
  return false
}

/**
 * The text that two calls share exactly when they are the same call again: agent, session, tool and (unless `tool`
 * is asked for) params, whatever the order of their keys. `undefined` for params that no text can stand for.
 */
export function scopeKey(call: ToolCall, scope: 'tool' | 'tool_and_params'): string | undefined {
  const who = [call.agentId ?? null, call.sessionKey ?? null, call.sessionId ?? null, call.toolName]
  if (scope === 'tool') return JSON.stringify(who)
  const params = stableText(call.params ?? {})
  if (params === undefined) return undefined
  // Long ones are kept as a digest, so that a thousand remembered calls are not a thousand documents.
  return JSON.stringify([...who, params.length > 256 ? hash('sha256', params) : params])
}

/** JSON with sorted keys, where each value has a text of its own; `undefined` when a value has none. */
export function stableText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
    case 'boolean':
      return String(value)
    case 'undefined':
      return 'undefined'
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : stableObject(value)
    default:
      return undefined
  }
}

function stableObject(value: object): string | undefined {
  if (Array.isArray(value)) {
    const items = Array.from(value, stableText)
    return items.includes(undefined) ? undefined : `[${items.join()}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // A Date, a Map or a class instance is more than its own fields: two different ones would look the same.
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const parts: string[] = []
  for (const key of Object.keys(value).sort()) {
    const text = stableText((value as Record<string, unknown>)[key])
    if (text === undefined) return undefined
    parts.push(`${JSON.stringify(key)}:${text}`)
  }
  return `{${parts.join()}}`
}
