import * as z from 'zod'

// A process checks its configuration once: compiling the checks first would take longer than making them.
z.config({jitless: true})

// Every form carries the words for what it expects as the message of all its issues, so that a fault reads the same
// whether the value is missing, of another type or out of range.

export const text = (expected = 'a text') => z.string({error: expected})

export const name = (expected = 'a text that is not blank') =>
  z.string({error: expected}).regex(/\S/, {error: expected})

export const flag = () => z.boolean({error: 'true or false'})

export const choice = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, {error: oneOf(words)})

/** A whole number within limits, both inclusive. */
export const integer = (min: number, max: number) => {
  const error =
    max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`
  return z.int({error}).min(min, {error}).max(max, {error})
}

export const decimal = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`
  return z.number({error}).min(min, {error}).max(max, {error})
}

export const list = <Item extends z.ZodType>(item: Item, expected = 'a list') => z.array(item, {error: expected})

/** An object in which only these keys are known. */
export const section = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {error: ({code}) => (code === 'invalid_type' ? 'an object' : undefined)})

/** An object whose keys are names that the operator chose. */
export const named = <Value extends z.ZodType>(value: Value, expected = 'an object') =>
  z.record(z.string(), value, {error: expected})

/** A text that `fits`; a reason it gives is part of what is expected. */
export const checkedText = (expected: string, fits: (value: string) => boolean) =>
  z.string({error: expected}).refine(fits, {error: expected})

function oneOf(words: readonly string[]): string {
  const quoted = words.map((word) => JSON.stringify(word))
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
