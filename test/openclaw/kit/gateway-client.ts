export interface GatewayEvent {
  event: string
  payload: Record<string, unknown>
}

export interface GatewayClient {
  request(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>
  /** Returns what ends the listening. */
  listen(listener: (event: GatewayEvent) => void): () => void
  close(): void
}

interface Frame {
  type: 'event' | 'res'
  id?: string
  ok?: boolean
  event?: string
  payload?: Record<string, unknown>
  error?: unknown
}

const operator = {
  minProtocol: 4,
  maxProtocol: 4,
  client: {id: 'gateway-client', version: '0.0.1', platform: 'linux', mode: 'backend'},
  role: 'operator',
  scopes: ['operator.read', 'operator.write', 'operator.approvals', 'operator.admin'],
  caps: ['tool-events', 'approvals', 'plugin-approvals', 'exec-approvals'],
  commands: [],
  permissions: {},
  locale: 'en-US',
  userAgent: 'claw-events tests',
}

/** Connects to a gateway as an operator who can approve; without a device identity, which loopback does not need. */
export function connectGateway(url: string, token: string): Promise<GatewayClient> {
  const socket = new WebSocket(url)
  const waiting = new Map<
    string,
    {resolve: (payload: Record<string, unknown>) => void; reject: (error: Error) => void}
  >()
  const listeners = new Set<(event: GatewayEvent) => void>()
  let requests = 0

  const client: GatewayClient = {
    request(method, params = {}) {
      return new Promise((resolve, reject) => {
        const id = String(++requests)
        waiting.set(id, {resolve, reject})
        socket.send(JSON.stringify({type: 'req', id, method, params}))
      })
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => socket.close(),
  }

  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error(`cannot connect to ${url}`))
    socket.onclose = ({code, reason}) => {
      for (const {reject: fail} of waiting.values())
        fail(new Error(`the gateway closed the connection: ${code} ${reason}`))
      waiting.clear()
    }
    socket.onmessage = ({data}) => {
      const frame: Frame = JSON.parse(String(data))
      if (frame.type === 'res') {
        const request = waiting.get(frame.id ?? '')
        waiting.delete(frame.id ?? '')
        if (frame.ok) request?.resolve(frame.payload ?? {})
        else request?.reject(new Error(JSON.stringify(frame.error)))
      } else if (frame.event === 'connect.challenge') {
        client.request('connect', {...operator, auth: {token}}).then(() => resolve(client), reject)
      } else if (frame.event !== undefined) {
        for (const listener of [...listeners]) listener({event: frame.event, payload: frame.payload ?? {}})
      }
    }
  })
}
