import {type ClawEvent, identityFields} from '../event/envelope.ts'
import {jsonText} from '../event/json.ts'
import {type CopyRules, copyRedacted} from './copy.ts'
import {compileKeyTest, secretNames} from './keys.ts'
import {maskMembers} from './members.ts'
import {maskSecrets} from './secrets.ts'

export interface RedactionOptions {
  /** Names of keys whose values are replaced, wherever they stand; case, `-` and `_` do not matter. */
  fields?: readonly string[]
  /** What stands in their place. */
  replacement?: string
  /** Also the usual names of secrets, and known shapes of secrets inside strings. Default: true. */
  secrets?: boolean
}

export type Redactor = <T>(value: T) => T

export const defaultReplacement = '[REDACTED]'

/** JSON in a string in JSON in a string …: further in, only shapes are looked for. */
const nestingLimit = 8

/**
 * A function that copies a value without its secrets, at any depth: by key name, in lists of headers, in JSON inside
 * strings, and by shape inside any text, where the mask tells the kind (`[REDACTED:aws-key]`). The value itself is
 * never changed. Takes time linear in the size of the value.
 */
export function createRedactor(options: RedactionOptions = {}): Redactor {
  const {fields = [], replacement = defaultReplacement, secrets = true} = options
  const isHidden = compileKeyTest(secrets ? [...fields, ...secretNames] : fields)
  const maskOf = (kind: string) => (replacement.endsWith(']') ? `${replacement.slice(0, -1)}:${kind}]` : replacement)
  const maskText = (text: string) => {
    const members = maskMembers(text, isHidden, replacement)
    return secrets ? maskSecrets(members, maskOf) : members
  }
  const rulesAt = (nesting: number): CopyRules => ({
    isHidden,
    replacement,
    text: (text) => (nesting < nestingLimit ? redactJson(text, rulesAt, nesting) : undefined) ?? maskText(text),
  })
  const rules = rulesAt(0)
  return <T>(value: T) => copyRedacted(value, rules) as T
}

/** A text that is JSON, or lines of it, redacted as what it says; undefined when it is none or holds nothing to hide. */
function redactJson(text: string, rulesAt: (nesting: number) => CopyRules, nesting: number): string | undefined {
  if (!/^\s*[[{"]/.test(text) || text.length < 6) return undefined
  const whole = redactDocument(text, rulesAt(nesting + 1))
  if (whole !== undefined) return whole.isChanged ? whole.text : undefined
  if (!text.includes('\n')) return undefined
  const lines = text
    .split('\n')
    .map((line) => redactDocument(line, rulesAt(nesting + 1)) ?? {text: line, isChanged: false})
  // A line that was not changed still goes through the shapes.
  const {text: mapText} = rulesAt(nestingLimit)
  return lines.some((line) => line.isChanged)
    ? lines.map((line) => (line.isChanged ? line.text : mapText(line.text))).join('\n')
    : undefined
}

function redactDocument(text: string, rules: CopyRules): {text: string; isChanged: boolean} | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const redacted = jsonText(copyRedacted(value, rules))
  return {text: redacted, isChanged: redacted !== jsonText(value)}
}

const keptNames = new Set<string>([...identityFields, 'position', 'storedAt'])
const containers = new Set(['data', 'metadata', 'error'])

/** A copy of an event without its secrets. The names that make it an event stay, whatever the fields are called. */
export function redactEvent<T extends ClawEvent>(event: T, redact: Redactor): T {
  const parts = Object.entries(event).map(([name, value]): [string, unknown] => {
    if (keptNames.has(name)) return [name, value]
    return [name, containers.has(name) ? redact(value) : Reflect.get(redact({[name]: value}), name)]
  })
  return Object.fromEntries(parts) as unknown as T
}
