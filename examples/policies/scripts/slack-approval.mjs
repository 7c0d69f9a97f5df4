#!/usr/bin/env node
// Asks humans on Slack whether a tool call may run, and prints the decision as the guard wants it. It fails closed:
// whatever goes wrong is a refusal with a reason, and the exit code is always 0. README: docs/policies.md.
import {randomBytes} from 'node:crypto'
import {answerIn} from './answers.mjs'
import {describeCall} from './call-text.mjs'
import {readSettings} from './settings.mjs'
import {openSlack} from './slack.mjs'

const inputLimit = 1_048_576

let isDecided = false

/** Prints the one decision, once. */
function decide(decision) {
  if (isDecided) return
  isDecided = true
  process.stdout.write(`${JSON.stringify(decision)}\n`, () => process.exit(0))
}

const refuse = (blockReason) => decide({block: true, blockReason})

// The guard ends a script that is late: it gets an answer all the same.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.on(signal, () => refuse('No approval: the time was over.'))
process.on('uncaughtException', () => refuse('No approval: the approval script failed.'))

try {
  decide(await ask())
} catch (error) {
  // Only errors made here may be shown: others could carry a token or a path.
  refuse(error?.isExplained ? `No approval: ${error.message}.` : 'No approval: the approval script failed.')
}

async function ask() {
  const settings = await readSettings(process.env)
  const {ruleId, event} = JSON.parse(await readInput())
  const call = describeCall({ruleId, event})
  const nonce = makeNonce()
  const slack = openSlack(settings)
  const request = await slack.post(requestText(settings.header, call, nonce))
  const deadline = Date.now() + settings.timeoutMs
  let trouble = ''
  const readAnswer = async () => answerIn(await slack.answersTo(request), {nonce, request, isAllowed: slack.isAllowed})
  while (Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(settings.pollMs, deadline - Date.now())))
    const answer = await readAnswer().catch((error) => {
      trouble = error.isExplained ? ` (${error.message})` : ' (Slack could not be reached)'
    })
    if (answer === undefined) continue
    await slack.close(request, `${answer.approves ? 'Approved' : 'Rejected'} by <@${answer.by}>: ${call.title}`)
    return answer.approves
      ? {block: false, blockReason: `Approved by ${answer.by}`}
      : {block: true, blockReason: `Rejected by ${answer.by} on Slack.`}
  }
  await slack.close(request, `No answer in time, refused: ${call.title}`)
  return {block: true, blockReason: `No approval within ${settings.timeoutMs / 1000} seconds${trouble}.`}
}

async function readInput() {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) {
    text += chunk
    if (text.length > inputLimit)
      throw Object.assign(new Error('the call is too large to be shown'), {isExplained: true})
  }
  return text
}

/** Letters and digits that are not taken for each other; 40 bits, valid for one request. */
function makeNonce() {
  const letters = 'ABCDEFGHJKMNPQRSTVWXYZ23456789'
  const text = Array.from(randomBytes(8), (byte) => letters[byte % letters.length]).join('')
  return `${text.slice(0, 4)}-${text.slice(4)}`
}

function requestText(header, {title, details}, nonce) {
  return [
    `*${header}*`,
    title,
    details,
    `Reply in this thread with \`approve ${nonce}\` or \`reject ${nonce}\`, or react to this message with :white_check_mark: or :x:. Anything else is no answer.`,
  ].join('\n')
}
