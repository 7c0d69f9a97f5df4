/** The element that context is injected in. Its name is what an event may not bring with it. */
export const fenceName = 'claw-events-context'

const injected = new RegExp(`<\\s*/?\\s*${fenceName}[^>]*>(?:[\\s\\S]*<\\s*/\\s*${fenceName}\\s*>|[\\s\\S]*)`, 'gi')
const runtimeContext = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)/g
/** `[Fri 2026-11-20 21:08 UTC] `, which the host puts before what a person wrote. */
const turnTime = /^\s*\[(?:mon|tue|wed|thu|fri|sat|sun)[a-z]* \d{4}-\d\d-\d\d \d\d:\d\d[^\]]{0,20}\]\s*/i
/** The last line that the host adds to a turn. */
const runtimeLine = /\n\s*Runtime: agent=[^\n]*\s*$/
/** `[cron:ID NAME] `, before what a scheduled job asks for, and how the advice begins that the host puts behind it. */
const jobMark = /^\s*\[cron:\S+ [^\]\n]*\]\s*/
const jobAdvice = '\n\nThis is an unattended scheduled run.'
const currentTime = /^Current time: .+? \([^)\n]+\)\nReference UTC: \d{4}-\d\d-\d\d \d\d:\d\d UTC$/gm
/** What the host says in a person's place, and what it wakes an agent with. */
const hostMessage =
  /^\s*\[(?:Internal task completion event|System Message|Subagent Context|OpenClaw (?:heartbeat poll|exec completion|cron wake|session event))\b/i
/** The model's words for having nothing to say, and a command to the host with nothing more. */
const saysNothing = /^\s*(?:NO_REPLY|HEARTBEAT_OK|\/[a-z][a-z0-9_-]*)\s*$/i

/**
 * What a person or model said, without what hosts and context injectors wrapped around it: the time stamp and runtime
 * line of OpenClaw's user turn, its internal context, the frame of a scheduled job, and any context of ours. Empty for a
 * message the host wrote, and for one that only the host was meant to read.
 */
export function withoutHostText(text: string): string {
  if (hostMessage.test(text) || saysNothing.test(text)) return ''
  return withoutJobFrame(text.replace(turnTime, ''))
    .replace(runtimeContext, ' ')
    .replace(injected, ' ')
    .replace(turnTime, '')
    .replace(runtimeLine, '')
    .trim()
}

function withoutJobFrame(text: string): string {
  const said = text.replace(jobMark, '')
  if (said.length === text.length) return text
  const end = said.lastIndexOf(jobAdvice)
  return said.slice(0, end < 0 ? undefined : end).replace(currentTime, '')
}
