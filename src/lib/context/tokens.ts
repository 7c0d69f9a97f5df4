/** Counts the tokens of a text as a model would; `name` says by which vocabulary. */
export interface TokenCounter {
  name: string
  count(text: string): number
}

/**
 * The counter of the vocabulary that loads fastest. Other vendors' models count a little differently, so a budget is
 * kept by this count, and the output names it.
 */
export async function loadTokenCounter(): Promise<TokenCounter> {
  const {countTokens} = await import('gpt-tokenizer/encoding/cl100k_base')
  return {name: 'cl100k_base', count: (text) => countTokens(text, {disallowedSpecial: new Set()})}
}
