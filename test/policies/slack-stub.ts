import {type LocalServer, startServer} from '../net/local-server.ts'

export interface Reply {
  user?: string
  text: string
  [field: string]: unknown
}

/** A stand-in for Slack's API: keeps what was posted, and shows the replies and reactions a test gives. */
export interface SlackStub {
  url: string
  server: LocalServer
  /** Texts that were posted, by time stamp. */
  posted: Map<string, string>
  updated: string[]
  /** What stands in the thread of a request; called on every look. */
  replies: (request: {ts: string; text: string; nonce: string}) => Reply[]
  reactions: (request: {ts: string; nonce: string}) => Array<{name: string; users: string[]; count?: number}>
  users: Record<string, {is_bot: boolean}>
  /** Methods that fail, with the error they give. */
  broken: Record<string, string | number>
}

export const stubToken = 'xoxb-not-a-real-token-1234567890'

export async function startSlack(): Promise<SlackStub> {
  const stub: Omit<SlackStub, 'url' | 'server'> = {
    posted: new Map(),
    updated: [],
    replies: () => [],
    reactions: () => [],
    users: {},
    broken: {},
  }
  const server = await startServer((request, response) => {
    const method = request.url?.slice(1) ?? ''
    const fault = stub.broken[method]
    if (typeof fault === 'number')
      return void response.writeHead(fault, {'retry-after': '1', location: '/elsewhere'}).end()
    const sent = new URLSearchParams(server.requests.at(-1)?.body)
    const isKnown = request.headers.authorization === `Bearer ${stubToken}`
    const answer =
      fault !== undefined
        ? {ok: false, error: fault}
        : isKnown
          ? answerTo(method, sent)
          : {ok: false, error: 'invalid_auth'}
    response.end(JSON.stringify(answer))
  })

  function answerTo(method: string, sent: URLSearchParams): unknown {
    const ts = sent.get('ts') ?? sent.get('timestamp') ?? ''
    const text = stub.posted.get(ts) ?? ''
    const nonce = nonceIn(text)
    switch (method) {
      case 'chat.postMessage': {
        const made = `1700000000.${String(stub.posted.size + 1).padStart(6, '0')}`
        stub.posted.set(made, sent.get('text') ?? '')
        return {ok: true, ts: made, channel: sent.get('channel')}
      }
      case 'conversations.replies': {
        const replies = stub
          .replies({ts, text, nonce})
          .map((reply, index) => ({ts: `1700000001.${index}`, thread_ts: ts, ...reply}))
        return {ok: true, messages: [{ts, thread_ts: ts, text, bot_id: 'B1'}, ...replies]}
      }
      case 'reactions.get':
        return {ok: true, message: {reactions: stub.reactions({ts, nonce})}}
      case 'users.info': {
        const user = sent.get('user') ?? ''
        return stub.users[user]
          ? {ok: true, user: {id: user, ...stub.users[user]}}
          : {ok: false, error: 'user_not_found'}
      }
      case 'chat.update':
        stub.updated.push(sent.get('text') ?? '')
        return {ok: true}
      default:
        return {ok: false, error: 'unknown_method'}
    }
  }

  return Object.assign(stub, {url: `${server.url}/`, server})
}

export function nonceIn(text: string): string {
  return /`approve ([0-9A-Z]{4}-[0-9A-Z]{4})`/.exec(text)?.[1] ?? ''
}
