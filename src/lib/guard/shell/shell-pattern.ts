/** A pattern of file names or of `${x#…}`, matched against whole texts. */
export type ShellPattern = (text: string) => boolean

interface Step {
  kind: 'one' | 'star'
  matches: (letter: string) => boolean
}

/** Compiles `*`, `?` and `[…]`. Time grows with the product of both lengths at most. */
export function compileShellPattern(pattern: string): ShellPattern {
  const steps = stepsOf(pattern)
  return (text) => matchSteps(steps, text)
}

function stepsOf(pattern: string): Step[] {
  const steps: Step[] = []
  for (const [piece] of pattern.matchAll(/\\[\s\S]|\[[!^]?\]?[^\]]*\]|[\s\S]/g)) {
    if (piece === '*') steps.push({kind: 'star', matches: () => true})
    else if (piece === '?') steps.push({kind: 'one', matches: () => true})
    else if (piece.length > 2 && piece.startsWith('[')) steps.push({kind: 'one', matches: bracket(piece.slice(1, -1))})
    else {
      const letter = piece.startsWith('\\') && piece.length > 1 ? piece.slice(1) : piece
      steps.push({kind: 'one', matches: (other) => other === letter})
    }
  }
  return steps
}

function bracket(body: string): (letter: string) => boolean {
  const isNegated = body.startsWith('!') || body.startsWith('^')
  const ranges = Array.from(
    body.slice(isNegated ? 1 : 0).matchAll(/([\s\S])-([\s\S])|[\s\S]/g),
    ([all, first, last]) =>
      first === undefined || last === undefined ? ([all, all] as const) : ([first, last] as const),
  )
  return (letter) => ranges.some(([first, last]) => letter >= first && letter <= last) !== isNegated
}

/** Goes back to the last star only, which is enough: an earlier one could match no more than the last. */
function matchSteps(steps: readonly Step[], text: string): boolean {
  let step = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < text.length) {
    const current = steps[step]
    if (current?.kind === 'star') {
      star = step++
      starAt = at
    } else if (current?.matches(text[at]!)) {
      step++
      at++
    } else if (star >= 0) {
      step = star + 1
      at = ++starAt
    } else return false
  }
  while (steps[step]?.kind === 'star') step++
  return step === steps.length
}

/** Takes the shortest or longest matching piece off one end. */
export function removeMatch(text: string, operator: '#' | '##' | '%' | '%%', pattern: string): string {
  const matches = compileShellPattern(pattern)
  const lengths = Array.from({length: text.length + 1}, (_, length) => length)
  if (operator.length === 2) lengths.reverse()
  for (const length of lengths) {
    if (operator.startsWith('#') && matches(text.slice(0, length))) return text.slice(length)
    if (operator.startsWith('%') && matches(text.slice(text.length - length)))
      return text.slice(0, text.length - length)
  }
  return text
}

/** Replaces matching pieces, the longest at each place: the first, all (`//`), at the start (`/#`) or end (`/%`). */
export function replaceMatch(text: string, operator: '/' | '//' | '/#' | '/%', pattern: string, by: string): string {
  const matches = compileShellPattern(pattern)
  if (operator === '/%') {
    for (let start = 0; start <= text.length; start++) if (matches(text.slice(start))) return text.slice(0, start) + by
    return text
  }
  let result = ''
  for (let at = 0; at < text.length; at++) {
    let end = text.length
    while (end > at && !matches(text.slice(at, end))) end--
    if (end === at) {
      // A pattern of nothing puts the replacement in front.
      if (operator === '/#') return matches('') ? by + text : text
      result += text[at]
      continue
    }
    result += by
    if (operator !== '//') return result + text.slice(end)
    at = end - 1
  }
  return result
}
