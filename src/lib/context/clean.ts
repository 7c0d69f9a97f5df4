/** The element that context is injected in. Its name is what an event may not bring with it. */
export const fenceName = 'claw-events-context'

// Messages are of any length and of anybody: every pattern here takes time in proportion to the text, so what may repeat
// in the middle of one has a limit.
const fenceTag = new RegExp(`<\\s{0,9}/?\\s{0,9}${fenceName}[^>]{0,99}>`, 'i')
const fenceEnd = new RegExp(`<\\s{0,9}/\\s{0,9}${fenceName}\\s{0,9}>`, 'gi')
const runtimeContext = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)/g
/** `[Fri 2026-11-20 21:08 UTC] `, which the host puts before what a person wrote. */
const turnTime = /^\s*\[(?:mon|tue|wed|thu|fri|sat|sun)[a-z]* \d{4}-\d\d-\d\d \d\d:\d\d[^\]]{0,20}\]\s*/i
/** How the last line begins that the host adds to a turn. */
const runtimeMark = 'Runtime: agent='
/** `[cron:ID NAME] `, before what a scheduled job asks for, and how the advice begins that the host puts behind it. */
const jobMark = /^\s*\[cron:\S+ [^\]\n]*\]\s*/
const jobAdvice = '\n\nThis is an unattended scheduled run.'
const currentTime = /^Current time: .{1,80}? \([^)\n]{1,60}\)\nReference UTC: \d{4}-\d\d-\d\d \d\d:\d\d UTC$/gm
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
  const said = withoutJobFrame(text.replace(turnTime, '')).replace(runtimeContext, ' ')
  return withoutRuntimeLine(withoutInjected(said).replace(turnTime, '')).trim()
}

/** All between the first tag of the fence and the last end of one, or the end of the text. */
function withoutInjected(text: string): string {
  const start = fenceTag.exec(text)?.index
  if (start === undefined) return text
  const end = [...text.matchAll(fenceEnd)].at(-1)
  const rest = end === undefined || end.index < start ? '' : text.slice(end.index + end[0].length)
  const further = fenceTag.exec(rest)?.index
  return `${text.slice(0, start)} ${rest.slice(0, further)}`
}

function withoutRuntimeLine(text: string): string {
  const whole = text.trimEnd()
  const start = whole.lastIndexOf('\n')
  return start >= 0 && whole.slice(start).trimStart().startsWith(runtimeMark) ? whole.slice(0, start) : whole
}

/** Before and behind what a subagent is to do. */
const taskMark = '\n[Subagent Task]\n'
const taskEnd = '\n\nBegin. Execute the assigned task'

/** What a prompt asks of the agent; empty for one that only says that something is over. */
export function askedIn(prompt: string): string {
  const start = prompt.trimStart().startsWith('[Subagent Context]') ? prompt.indexOf(taskMark) : -1
  if (start < 0) return withoutHostText(prompt)
  const task = prompt.slice(start + taskMark.length)
  const end = task.lastIndexOf(taskEnd)
  return withoutHostText(task.slice(0, end < 0 ? undefined : end))
}

function withoutJobFrame(text: string): string {
  const said = text.replace(jobMark, '')
  if (said.length === text.length) return text
  const end = said.lastIndexOf(jobAdvice)
  return said.slice(0, end < 0 ? undefined : end).replace(currentTime, '')
}
