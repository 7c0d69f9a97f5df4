// A webhook receiver: takes events that claw-events has signed, each once.
//
//   npm i standardwebhooks
//   WEBHOOK_SECRET=whsec_… node receiver.mjs 8080
import http from 'node:http'
import {Webhook} from 'standardwebhooks'

const webhook = new Webhook(process.env.WEBHOOK_SECRET)
const seen = new Set()

const server = http.createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  // The signature is over the body as it came: verify first, parse then.
  const body = Buffer.concat(chunks).toString()
  try {
    webhook.verify(body, request.headers)
  } catch {
    return response.writeHead(401).end()
  }
  // Deliveries are repeated when an answer got lost; the id tells.
  const id = request.headers['webhook-id']
  if (!seen.has(id)) {
    const event = JSON.parse(body)
    console.log(`${event.timestamp} ${event.agentId} ${event.type} ${id}`)
    seen.add(id)
  }
  // Answer 2xx soon, and do what takes long afterwards.
  response.writeHead(204).end()
})

server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`)
})
