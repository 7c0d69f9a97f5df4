/** A value of OTLP in JSON: 64-bit integers are texts. */
export type OtlpValue =
  | {stringValue: string}
  | {intValue: string}
  | {doubleValue: number}
  | {boolValue: boolean}
  | {arrayValue: {values: OtlpValue[]}}

export interface OtlpAttribute {
  key: string
  value: OtlpValue
}

type Plain = string | number | boolean | readonly string[] | undefined

/** Attributes of what is known: a value that is undefined is left out. */
export function attributesOf(values: Readonly<Record<string, Plain>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{key, value: otlpValue(value)}]))
}

function otlpValue(value: NonNullable<Plain>): OtlpValue {
  // A lone surrogate has no UTF-8, and OTLP's texts are UTF-8.
  if (typeof value === 'string') return {stringValue: value.toWellFormed()}
  if (typeof value === 'boolean') return {boolValue: value}
  if (typeof value === 'number') return Number.isSafeInteger(value) ? {intValue: `${value}`} : {doubleValue: value}
  return {arrayValue: {values: value.map(otlpValue)}}
}

/** Nanoseconds since the epoch, as text. */
export function nanoseconds(epochMs: number): string {
  const ms = Math.max(0, Math.round(epochMs))
  return ms === 0 ? '0' : `${ms}000000`
}
