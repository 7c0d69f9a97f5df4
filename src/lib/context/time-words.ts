const relative =
  /\b(?:yesterday|today|tonight|tomorrow|ago|recently|lately|just (?:got|went|did|had|finished|started|signed|joined|came)|(?:last|next|this|past|previous) (?:day|week|weekend|month|year|night|morning|spring|summer|fall|autumn|winter|mon|tues?|wed|thur?s?|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december))\b/i
const absolute =
  /\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|april|june|july|august|september|october|november|december|\d{4}-\d\d-\d\d|(?:19|20)\d\d|in march|in may)\b/i
const asksWhen =
  /^\s*(?:and |so |but )?(?:since |until |till |by )?when\b|\b(?:what|which) (?:date|day|month|year|time|week)\b|\bhow long ago\b/i

/** Whether a text says when something was or will be. */
export function mentionsTime(text: string): boolean {
  return relative.test(text) || absolute.test(text)
}

/** Whether a prompt asks for a time. */
export function asksForTime(prompt: string): boolean {
  return asksWhen.test(prompt)
}
