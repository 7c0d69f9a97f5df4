import {once} from 'node:events'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {type Answer, answerTo, type ChatMessage, type ChatRequest} from './script.ts'

/** One request of the host to the model, as it was sent. */
export interface ModelRequest {
  at: number
  messages: ChatMessage[]
  /** The names of the tools that were offered. */
  tools: string[]
  answer: Answer
}

export interface MockModel {
  /** The provider's base URL. */
  url: string
  requests: readonly ModelRequest[]
  close(): Promise<void>
}

/** An OpenAI-compatible model on 127.0.0.1 that answers by script (script.ts), streamed, and keeps what it was sent. */
export async function startMockModel(): Promise<MockModel> {
  const requests: ModelRequest[] = []
  const server = createServer((request, response) => {
    void handle(request, response).catch((error) => response.destroy(error))
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith('/models')) {
      sendJson(response, 200, {object: 'list', data: [{id: 'mock-1', object: 'model'}]})
      return
    }
    const body = JSON.parse(await textOf(request)) as ChatRequest
    const answer = answerTo(body)
    const tools = (body.tools ?? []).map((tool) => tool.function?.name ?? '')
    requests.push({at: Date.now(), messages: body.messages, tools, answer})
    await reply(response, answer, `mock-${requests.length}`, body.stream === true)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port for the mock model')
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const usage = {prompt_tokens: 100, completion_tokens: 10, total_tokens: 110}

async function reply(response: ServerResponse, answer: Answer, id: string, isStream: boolean): Promise<void> {
  if (answer.kind === 'refuse') {
    sendJson(response, answer.status, {error: {message: `mock ${answer.status}`, type: 'mock_error'}})
    return
  }
  const calls = (answer.kind === 'call' ? answer.calls : []).map(({name, args}, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: 'function',
    function: {name, arguments: JSON.stringify(args)},
  }))
  const reason = answer.kind === 'call' ? 'tool_calls' : 'stop'
  const frame = {id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: 1, model: 'mock-1'}
  if (!isStream) {
    const message =
      answer.kind === 'call'
        ? {role: 'assistant', content: null, tool_calls: calls}
        : {role: 'assistant', content: answer.text}
    const choices = [{index: 0, message, finish_reason: reason}]
    sendJson(response, 200, {...frame, object: 'chat.completion', choices, usage})
    return
  }
  response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-cache'})
  const send = (value: unknown) => response.write(`data: ${JSON.stringify(value)}\n\n`)
  const delta = (value: unknown) => send({...frame, choices: [{index: 0, delta: value}]})
  delta({role: 'assistant'})
  for (const call of calls) delta({tool_calls: [call]})
  if (answer.kind === 'text') for (const word of answer.text.match(/\S+\s*/g) ?? []) delta({content: word})
  if (answer.kind === 'endless') {
    // Until the host hangs up, as it does when the run is aborted.
    while (!response.destroyed) {
      delta({content: 'tick '})
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return
  }
  send({...frame, choices: [{index: 0, delta: {}, finish_reason: reason}]})
  send({...frame, choices: [], usage})
  response.end('data: [DONE]\n\n')
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(value))
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
