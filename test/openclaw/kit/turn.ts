import {randomUUID} from 'node:crypto'
import type {GatewayClient, GatewayEvent} from './gateway-client.ts'

export interface Turn {
  sessionKey: string
  /** What the user says. */
  message: string
  /** Answers every approval that this session asks for; absent: nobody answers. */
  decide?: 'allow-once' | 'allow-always' | 'deny'
  /** Aborts the run as soon as the model has said something. */
  abort?: boolean
  timeoutMs?: number
}

export interface TurnResult {
  runId: string
  state: 'final' | 'error' | 'aborted'
  text: string
  error?: string
}

/** Sends a user's message and waits for what becomes of it. */
export async function takeTurn(client: GatewayClient, turn: Turn): Promise<TurnResult> {
  const {sessionKey, message, decide, abort = false, timeoutMs = 60_000} = turn
  await client.request('sessions.messages.subscribe', {key: sessionKey})
  const idempotencyKey = randomUUID()
  const runs = new Set<string>([idempotencyKey])
  let isAborting = false

  return new Promise((resolve, reject) => {
    const stop = client.listen(({event, payload}) => {
      if (event === 'plugin.approval.requested' && decide) answerApproval(client, payload, sessionKey, decide, fail)
      if (event !== 'chat' || !runs.has(String(payload['runId']))) return
      const runId = String(payload['runId'])
      if (abort && !isAborting && payload['state'] === 'delta') {
        isAborting = true
        client.request('chat.abort', {sessionKey, runId}).catch(fail)
      }
      const result = resultOf(runId, payload)
      if (result) end(() => resolve(result))
    })
    const timer = setTimeout(() => fail(new Error(`no end of "${message}" within ${timeoutMs} ms`)), timeoutMs)

    function end(settle: () => void): void {
      clearTimeout(timer)
      stop()
      settle()
    }
    function fail(error: Error): void {
      end(() => reject(error))
    }

    client
      .request('chat.send', {sessionKey, message, idempotencyKey})
      .then(({runId}) => void runs.add(String(runId)), fail)
  })
}

/** Only the run itself is waited for, since that of a subagent ends in another session. */
function resultOf(runId: string, payload: GatewayEvent['payload']): TurnResult | undefined {
  const {state, message, errorMessage} = payload as {
    state: string
    message?: {content?: Array<{text?: string}>}
    errorMessage?: string
  }
  if (state !== 'final' && state !== 'error' && state !== 'aborted') return undefined
  const text = (message?.content ?? []).map((part) => part.text ?? '').join('')
  return {runId, state, text, ...(errorMessage === undefined ? {} : {error: errorMessage})}
}

function answerApproval(
  client: GatewayClient,
  payload: GatewayEvent['payload'],
  sessionKey: string,
  decision: string,
  fail: (error: Error) => void,
): void {
  const request = payload['request'] as {sessionKey?: string} | undefined
  if (request?.sessionKey !== sessionKey) return
  client.request('plugin.approval.resolve', {id: payload['id'], decision}).catch(fail)
}
