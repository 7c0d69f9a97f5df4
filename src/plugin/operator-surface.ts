import type {Fields, HostApi} from './host-api.ts'
import type {Runtime} from './runtime.ts'

type Guarded = (what: string, register: () => void) => void

/** What operators reach through the gateway, by its own authentication: methods, a route and a slash command. */
export function registerOperatorSurface(api: HostApi, runtime: Runtime, guarded: Guarded): void {
  const method = (name: string, scope: string, work: (params: Fields) => Promise<unknown>) =>
    guarded(`gateway method ${name}`, () => {
      api.registerGatewayMethod?.(name, async ({params = {}, respond}) => respond(...(await settled(work(params)))), {
        scope,
      })
    })
  method('claw-events.status', 'operator.read', () => runtime.status())
  method('claw-events.query', 'operator.read', (params) => runtime.query(params))
  method('claw-events.append', 'operator.write', (params) => runtime.append(params))
  guarded('the status route', () => {
    api.registerHttpRoute?.({
      path: '/claw-events/status',
      auth: 'gateway',
      async handler(request, response) {
        const isRead = request.method === undefined || request.method === 'GET' || request.method === 'HEAD'
        response.statusCode = isRead ? 200 : 405
        response.setHeader('content-type', 'application/json')
        response.end(isRead ? JSON.stringify(await runtime.status()) : '{"error":"only GET"}')
        return true
      },
    })
  })
  guarded('/claw-events', () => {
    api.registerCommand?.({
      name: 'claw-events',
      description: 'What is recorded, guarded and delivered',
      acceptsArgs: false,
      requireAuth: true,
      handler: async () => ({text: await runtime.statusText()}),
    })
  })
}

type Answer = [ok: boolean, payload: unknown, error?: {code: string; message: string}]

async function settled(work: Promise<unknown>): Promise<Answer> {
  try {
    return [true, await work]
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'FAILED'
    return [false, undefined, {code, message: error instanceof Error ? error.message : String(error)}]
  }
}
