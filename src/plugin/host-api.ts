/**
 * The part of OpenClaw's plugin API that is used. Everything but `on` may be missing: hosts differ, and so do the
 * registrations of one host; a facility is used only after it was seen to be there.
 */
export interface HostApi {
  registrationMode?: string
  /** The host's whole configuration. */
  config?: unknown
  /** Our entry's `config`. */
  pluginConfig?: unknown
  logger?: Partial<HostLogger>
  on?(hook: string, handler: HookHandler, options?: HookOptions): void
  registerHook?(
    events: string | string[],
    handler: (event: Fields) => unknown,
    options: {name: string; description: string},
  ): void
  registerService?(service: HostService): void
  registerHttpRoute?(route: HttpRoute): void
  registerGatewayMethod?(name: string, handler: GatewayHandler, options: {scope: string}): void
  registerCommand?(command: SlashCommand): void
  runtime?: {version?: string; state?: {resolveStateDir?(): string}}
  agent?: {
    events?: {
      registerAgentEventSubscription?(subscription: {id: string; handle(payload: unknown): void}): void
    }
  }
}

export interface HostLogger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export type Fields = Record<string, unknown>

export type HookHandler = (event: Fields, ctx: Fields) => unknown

export interface HookOptions {
  /** Higher runs first. */
  priority?: number
  timeoutMs?: number
}

export interface HostService {
  id: string
  start(ctx: {stateDir?: string}): void | Promise<void>
  stop(): void | Promise<void>
}

export interface HttpRoute {
  path: string
  auth: 'gateway'
  handler(
    request: {method?: string},
    response: {
      statusCode: number
      setHeader(name: string, value: string): void
      end(body: string): void
    },
  ): boolean | Promise<boolean>
}

export type GatewayHandler = (call: {
  params?: Fields
  respond(ok: boolean, payload?: unknown, error?: unknown): void
}) => void | Promise<void>

export interface SlashCommand {
  name: string
  description: string
  acceptsArgs: boolean
  requireAuth: boolean
  handler(): Promise<{text: string}>
}
