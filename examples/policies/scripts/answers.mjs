/** What a reaction to the request means. Others, such as a thumb, mean nothing. */
const reactions = new Map([
  ['white_check_mark', true],
  ['heavy_check_mark', true],
  ['x', false],
  ['negative_squared_cross_mark', false],
])

/**
 * The answer to one request among what Slack shows below it, or `undefined`. Only whoever may decide counts, and only
 * an explicit word with this request's nonce or one of the named reactions: "I do not approve" is no answer. One
 * rejection outweighs any number of approvals.
 */
export async function answerIn({replies, reactionsSeen}, {nonce, request, isAllowed}) {
  const given = [
    ...replies.flatMap((reply) => replyAnswer(reply, nonce, request)),
    ...reactionsSeen.flatMap(({name, users = []}) =>
      reactions.has(name) ? users.map((by) => ({by, approves: reactions.get(name)})) : [],
    ),
  ]
  const counted = []
  for (const answer of given) if (await isAllowed(answer.by)) counted.push(answer)
  return counted.find(({approves}) => !approves) ?? counted[0]
}

/** What bots and apps post, edited replies and system messages are no answers. */
function replyAnswer(reply, nonce, request) {
  if (reply.ts === request.ts || reply.thread_ts !== request.ts) return []
  if (reply.bot_id || reply.app_id || reply.subtype || reply.edited || typeof reply.user !== 'string') return []
  const found = /^`?(approve|reject) ([0-9A-Z-]+)`?$/i.exec(String(reply.text).trim().replace(/\s+/g, ' '))
  if (found === null || found[2].toUpperCase() !== nonce) return []
  return [{by: reply.user, approves: found[1].toLowerCase() === 'approve'}]
}
