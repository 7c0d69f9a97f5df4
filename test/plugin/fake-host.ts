import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {onTestFinished, vi} from 'vitest'
import type {StoredEvent} from '../../src/lib/event/envelope.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import type {Fields, GatewayHandler, HookHandler, HookOptions, HostApi, HostService} from '../../src/plugin/host-api.ts'

interface Registered {
  hook: string
  handler: HookHandler
  options: HookOptions
}

/** One registration as the host keeps it: it calls hooks of one, services of another. */
export interface Registration {
  mode: string
  hooks: Registered[]
  services: HostService[]
  methods: Map<string, GatewayHandler>
  /** Calls a hook as the host does: by priority, until one blocks; the last params win. */
  call(hook: string, event: Fields, ctx?: Fields): Promise<Fields | undefined>
  emitAgentEvent(payload: Fields): void
}

export interface FakeHost {
  stateDir: string
  said: string[]
  register(mode?: string): Promise<Registration>
  /** What the host's file says; the next registration gets it. */
  configure(pluginConfig: Fields): void
  events(): Promise<StoredEvent[]>
  types(): Promise<string[]>
}

const slot = Symbol.for('claw-events.v1')

export interface FakeHostOptions {
  /** `hooks` of the plugin's entry: what the host lets it do. */
  hooks?: Fields
  /** The host's `agents`. */
  agents?: Fields
}

/** A host in one process with a state directory of its own. Modules of the plugin are loaded anew for each registration. */
export function fakeHost(pluginConfig: Fields = {}, {hooks, agents}: FakeHostOptions = {}): FakeHost {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'claw-host-'))
  const said: string[] = []
  let current = pluginConfig
  let running: Registration[] = []
  vi.stubEnv('OPENCLAW_STATE_DIR', stateDir)
  onTestFinished(async () => {
    for (const {services} of running) for (const {stop} of services) await stop()
    running = []
    Reflect.deleteProperty(globalThis, slot)
    vi.unstubAllEnvs()
    rmSync(stateDir, {recursive: true, force: true})
  })

  return {
    stateDir,
    said,
    configure(next) {
      current = next
    },
    async register(mode = 'full') {
      vi.resetModules()
      const {default: plugin} = await import('../../src/plugin/index.ts')
      const registration = record(mode)
      const config = {agents, plugins: {entries: {'claw-events': {enabled: true, hooks, config: current}}}}
      plugin.register({...registration.api, config, pluginConfig: current, logger: loggerTo(said)})
      running.push(registration)
      return registration
    },
    async events() {
      const store = await openSqliteStore(path.join(stateDir, 'claw-events', 'events.db'))
      try {
        return await Array.fromAsync(store.read({}))
      } finally {
        await store.close()
      }
    },
    async types() {
      return (await this.events()).map(({type}) => type)
    },
  }
}

function loggerTo(said: string[]) {
  const say = (level: string) => (message: string) => void said.push(`${level}: ${message}`)
  return {debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')}
}

function record(mode: string): Registration & {api: HostApi} {
  const hooks: Registered[] = []
  const services: HostService[] = []
  const methods = new Map<string, GatewayHandler>()
  const listeners: Array<(payload: unknown) => void> = []
  const api: HostApi = {
    registrationMode: mode,
    on: (hook, handler, options = {}) => void hooks.push({hook, handler, options}),
    registerHook: (hook, handler) => void hooks.push({hook: String(hook), handler, options: {}}),
    registerService: (service) => void services.push(service),
    registerHttpRoute: () => undefined,
    registerGatewayMethod: (name, handler) => void methods.set(name, handler),
    registerCommand: () => undefined,
    agent: {events: {registerAgentEventSubscription: ({handle}) => void listeners.push(handle)}},
  }
  return {
    mode,
    hooks,
    services,
    methods,
    api,
    async call(hook, event, ctx = {}) {
      let merged: Fields | undefined
      const own = hooks.filter((one) => one.hook === hook)
      for (const {handler} of own.toSorted((a, b) => (b.options.priority ?? 0) - (a.options.priority ?? 0))) {
        const answer = (await handler(structuredClone(event), ctx)) as Fields | undefined
        if (answer !== undefined) merged = {...merged, ...answer}
        if (merged?.['block'] === true) break
      }
      return merged
    },
    emitAgentEvent(payload) {
      for (const listener of listeners) listener(payload)
    },
  }
}
