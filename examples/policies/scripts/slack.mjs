import {explained} from './settings.mjs'

const callTimeoutMs = 10_000
/** Replies that are looked through; a thread that is flooded beyond this is not answered. */
const pageLimit = 10

/** The few calls of Slack's API that an approval needs. */
export function openSlack({apiUrl, token, target, allowedUserIds}) {
  const humans = new Map()

  async function call(method, fields) {
    const response = await fetch(new URL(method, apiUrl), {
      method: 'POST',
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded'},
      body: new URLSearchParams(fields),
      // A redirect would carry the token elsewhere.
      redirect: 'error',
      signal: AbortSignal.timeout(callTimeoutMs),
    })
    if (response.status === 429) {
      await new Promise((resolve) =>
        setTimeout(resolve, 1000 * Math.min(30, Number(response.headers.get('retry-after')) || 1)),
      )
    }
    const answer = response.ok ? await response.json() : {ok: false, error: `status ${response.status}`}
    if (answer.ok !== true)
      throw explained(`Slack refuses ${method} (${String(answer.error).replace(/[^\w .-]/g, '')})`)
    return answer
  }

  /** Whether a user is a human at all: asked of Slack only where nobody is listed. */
  async function isHuman(user) {
    const {user: found} = await call('users.info', {user})
    return found?.id === user && found.is_bot === false && found.deleted !== true
  }

  return {
    async post(text) {
      const answer = await call('chat.postMessage', {
        channel: target,
        text,
        unfurl_links: 'false',
        unfurl_media: 'false',
      }).catch((error) => {
        throw error.isExplained ? error : explained('Slack cannot be reached')
      })
      if (typeof answer.ts !== 'string' || typeof answer.channel !== 'string')
        throw explained('Slack did not say where it posted')
      return {ts: answer.ts, channel: answer.channel}
    },

    /** All replies and reactions to the request. */
    async answersTo({channel, ts}) {
      const replies = []
      let cursor = ''
      for (let page = 0; page < pageLimit; page++) {
        const answer = await call('conversations.replies', {channel, ts, limit: '200', ...(cursor && {cursor})})
        replies.push(...(answer.messages ?? []))
        cursor = answer.response_metadata?.next_cursor ?? ''
        if (cursor === '') break
      }
      if (cursor !== '') throw explained('the thread is too long')
      const {message} = await call('reactions.get', {channel, timestamp: ts, full: 'true'})
      const reactionsSeen = message?.reactions ?? []
      // One of those that are not named may have rejected it.
      if (reactionsSeen.some(({count, users}) => count > (users ?? []).length))
        throw explained('Slack does not name all who reacted')
      return {replies, reactionsSeen}
    },

    /** Whether a user's answer counts. Where Slack does not say, nothing is decided: it may be a rejection that would not count. */
    async isAllowed(user) {
      if (allowedUserIds.size > 0) return allowedUserIds.has(user)
      if (!humans.has(user)) humans.set(user, await isHuman(user))
      return humans.get(user)
    },

    /** Says in the channel how it ended, so that nobody answers a request that is over. A nicety: it may fail. */
    async close({channel, ts}, text) {
      await call('chat.update', {channel, ts, text}).catch(() => undefined)
    },
  }
}
