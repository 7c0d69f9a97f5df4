import type {Capture} from '../lib/capture/capture.ts'
import type {Recorder} from '../lib/capture/recorder.ts'
import type {LoadedConfig} from '../lib/config/load.ts'
import type {StoreLocation} from '../lib/config/store-settings.ts'
import {compileOutgoing} from '../lib/delivery/outgoing.ts'
import {ClawError, Exit} from '../lib/errors.ts'
import {makeEvent} from '../lib/event/make.ts'
import {type FilterFlags, parseFilter} from '../lib/filter/parse.ts'
import type {LiveGuard} from '../lib/wiring/live-guard.ts'
import {openStore} from '../lib/wiring/open-store.ts'
import type {PluginDelivery} from './delivery.ts'
import type {Fields} from './host-api.ts'
import type {Recording} from './recording.ts'

/** What operators ask a running plugin for. */
export interface Operator {
  status(): Fields
  statusText(): string
  query(params: Fields): Promise<Fields>
  append(params: Fields): Promise<Fields>
}

export interface OperatorOptions {
  isEnabled: boolean
  loaded: LoadedConfig
  guard: LiveGuard
  capture: Capture
  recorder: Recorder
  recording: Recording
  delivery: PluginDelivery
  location: StoreLocation
  now: () => number
}

const defaultLimit = 50
const mostEvents = 1000

export function createOperator(options: OperatorOptions): Operator {
  const {isEnabled, loaded, guard, capture, recorder, recording, delivery, location, now} = options

  function status(): Fields {
    const {config, faults} = loaded
    const {toolGuard} = config.hookBridge
    return {
      enabled: isEnabled,
      stateDir: loaded.stateDir,
      recording: {...recorder.status()},
      guard: {
        enabled: guard.enabled,
        dryRun: toolGuard.dryRun,
        rules: toolGuard.rules.length,
        ...(guard.fault !== undefined && {fault: guard.fault}),
      },
      delivery: {...delivery.status()},
      faults: faults.length,
      ...capture.status(),
    }
  }

  return {
    status,
    statusText() {
      const {pending, dropped} = recorder.status()
      const {sinks} = delivery.status()
      const {toolGuard} = loaded.config.hookBridge
      return [
        isEnabled ? `Recording: ${pending} waiting, ${dropped} dropped` : 'Recording is switched off',
        guard.fault === undefined
          ? `Tool guard: ${guard.enabled ? `on${toolGuard.dryRun ? ' (dry run)' : ''}, ${toolGuard.rules.length} rules` : 'off'}`
          : 'Tool guard: every call is blocked, because the policy could not be loaded',
        ...sinks.map(({reader, state, reason}) => `${reader}: ${state}${reason === undefined ? '' : ` (${reason})`}`),
      ].join('\n')
    },
    async query(params) {
      const {limit = defaultLimit, order = 'desc'} = params
      if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > mostEvents)
        throw invalid(`limit ${JSON.stringify(limit)} is not a whole number from 1 to ${mostEvents}`)
      if (order !== 'asc' && order !== 'desc') throw invalid(`order ${JSON.stringify(order)} is not "asc" or "desc"`)
      const filter = parseFilter(filterFlags(params), now())
      const {config} = loaded
      const outgoing = await compileOutgoing({filters: noFilters, redaction: config.redaction, confidential: false})
      const store = await openStore(location, {whenMissing: 'empty'})
      try {
        const events = []
        for await (const event of store.read(filter, {order})) {
          if (outgoing.wants(event)) events.push(outgoing.prepare(event))
          if (events.length >= limit) break
        }
        return {events}
      } finally {
        await store.close()
      }
    },
    async append(params) {
      const {type, data = {}, agentId = 'system', sessionKey, sessionId, runId, visibility} = params
      const event = makeEvent({
        type: text('type', type) ?? '',
        agentId: text('agentId', agentId) ?? 'system',
        sessionKey: text('sessionKey', sessionKey),
        sessionId: text('sessionId', sessionId),
        runId: text('runId', runId),
        data: data as Fields,
        ...((visibility === 'public' || visibility === 'confidential') && {visibility}),
        source: 'import',
        metadata: {via: 'gateway'},
        now: now(),
      })
      recording.record([event])
      return {eventId: event.eventId}
    },
  }
}

const noFilters = {
  includeTypes: [],
  excludeTypes: [],
  channelId: undefined,
  toolName: undefined,
  sessionId: undefined,
}

/** The names that the command line has for them; of the first five also lists. */
function filterFlags(params: Fields): FilterFlags {
  const list = (name: string) => {
    const value = params[name]
    return Array.isArray(value)
      ? value.map((one) => text(name, one) ?? '')
      : value === undefined
        ? undefined
        : [text(name, value) ?? '']
  }
  return {
    type: list('type'),
    agent: list('agent'),
    session: list('session'),
    run: list('run'),
    tool: list('tool'),
    since: text('since', params['since']),
    until: text('until', params['until']),
    text: text('text', params['text']),
    where: text('where', params['where']),
  }
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw invalid(`${name} is not a text`)
}

function invalid(message: string): ClawError {
  return new ClawError('USAGE', message, {exit: Exit.usage})
}
