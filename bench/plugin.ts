import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {monitorEventLoopDelay} from 'node:perf_hooks'
import type {Fields, HookHandler, HostApi, HostService} from '../src/plugin/host-api.ts'
import plugin from '../src/plugin/index.ts'
import {type BenchRow, median} from './harness.ts'

const runs = 5
const pairsPerRun = 4000
const heapPairs = 250_000
const heapSessions = 10_000

/** The plugin as the host calls it: before_tool_call (recorded and judged by 21 rules) and after_tool_call, in a fake host. */
export async function pluginHooks(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  const usual = await hosted({}, async (host) => {
    const measured = []
    for (let run = 0; run < runs; run++) measured.push(await drive(host, 2000, pairsPerRun))
    return {p50: middle(measured.map(({p50}) => p50)), p99: middle(measured.map(({p99}) => p99))}
  })
  const fixed = (claim: string, ours: number, peer: number, unit: string): BenchRow => ({
    claim,
    ours,
    peer,
    peerName: 'promised',
    unit,
    aim: {atMost: 1},
  })
  rows.push(fixed('plugin, time in the hooks of a pair, p50', usual.p50, 0.03, 'ms'))
  rows.push(fixed('plugin, time in the hooks of a pair, p99', usual.p99, 0.3, 'ms'))
  for (const [rate, promised] of [
    [200, 3],
    [2000, 12],
  ] as const) {
    const delay = await hosted({}, (host) => median(runs, async () => (await drive(host, rate, rate * 2)).loopP99))
    rows.push(fixed(`plugin, event loop delay p99 at ${rate} pairs/s`, delay, promised, 'ms'))
  }
  // Port 9 of loopback: nobody listens, every connection is refused.
  const down = await hosted({eventStore: {url: 'nats://127.0.0.1:9'}}, (host) =>
    median(runs, async () => (await drive(host, 2000, pairsPerRun)).p99),
  )
  rows.push({
    claim: 'plugin, hooks p99 while the NATS server is down',
    ours: down,
    peer: usual.p99,
    peerName: 'the same without a server configured',
    unit: 'ms',
    aim: {atMost: 1.5},
  })
  rows.push(await hosted({}, heapGrowth))
  return rows
}

/** A million events of ten thousand sessions: what the heap has grown by between the middle and the end. */
async function heapGrowth(host: Host): Promise<BenchRow> {
  if (globalThis.gc === undefined) throw new Error('run with node --expose-gc')
  let middleHeap = 0
  for (let pair = 0; pair < heapPairs; pair += 5000) {
    await drive(host, Number.POSITIVE_INFINITY, 5000, {from: pair, sessions: heapSessions})
    if (pair === heapPairs / 2) middleHeap = heapMb()
  }
  return {
    claim: `plugin, heap after ${(heapPairs * 4) / 1e6} M events of ${heapSessions} sessions, beside half of them`,
    ours: heapMb(),
    peer: middleHeap,
    peerName: 'heap at half',
    unit: 'MB',
    aim: {atMost: 1.1},
  }
}

function heapMb(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

interface Host {
  call(hook: string, event: Fields, ctx: Fields): Promise<void>
}

/** Registers the plugin in a host of its own, and ends it again. */
async function hosted<T>(config: Fields, work: (host: Host) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const before = process.env.OPENCLAW_STATE_DIR
  process.env.OPENCLAW_STATE_DIR = folder
  const hooks = new Map<string, Array<{handler: HookHandler; priority: number}>>()
  const services: HostService[] = []
  const api: HostApi = {
    registrationMode: 'full',
    config: {plugins: {entries: {'claw-events': {enabled: true, config: {...usualConfig, ...config}}}}},
    on(hook, handler, {priority = 0} = {}) {
      const same = [...(hooks.get(hook) ?? []), {handler, priority}]
      hooks.set(
        hook,
        same.toSorted((a, b) => b.priority - a.priority),
      )
    },
    registerService: (service) => void services.push(service),
  }
  try {
    plugin.register(api)
    for (const {start} of services) await start({})
    return await work({
      async call(hook, event, ctx) {
        for (const {handler} of hooks.get(hook) ?? []) await handler(event, ctx)
      },
    })
  } finally {
    for (const {stop} of services) await stop()
    Reflect.deleteProperty(globalThis, Symbol.for('claw-events.v1'))
    process.env.OPENCLAW_STATE_DIR = before
    if (before === undefined) delete process.env.OPENCLAW_STATE_DIR
    rmSync(folder, {recursive: true, force: true})
  }
}

const usualConfig = {
  security: {ws: {enabled: false}},
  status: {ticker: false},
  hookBridge: {
    toolGuard: {
      enabled: true,
      rules: Array.from({length: 21}, (_, index) => ({
        id: `rule-${index}`,
        when: {toolName: 'exec', contains: {'data.params.command': `forbidden-${index}`}},
        decision: {block: true},
      })),
    },
  },
}

interface Driven {
  /** Milliseconds. */
  p50: number
  p99: number
  loopP99: number
}

/** Calls pairs of hooks at a rate; the time of a pair is that from the first call to the answer of the last. */
async function drive(host: Host, rate: number, count: number, {from = 0, sessions = 20} = {}): Promise<Driven> {
  const delay = monitorEventLoopDelay({resolution: 1})
  const times: number[] = []
  delay.enable()
  const start = performance.now()
  for (let next = 0; next < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / 1000) * rate))
    for (let n = 0; n < 32 && next < due; n++) times.push(await pair(host, from + next++, sessions))
    await new Promise((resolve) => setImmediate(resolve))
  }
  delay.disable()
  times.sort((a, b) => a - b)
  return {
    p50: times[times.length >> 1]!,
    p99: times[Math.floor(times.length * 0.99)]!,
    loopP99: delay.percentile(99) / 1e6,
  }
}

async function pair(host: Host, n: number, sessions: number): Promise<number> {
  const session = n % sessions
  const runId = `run-${session}-${Math.floor(n / sessions / 50)}`
  const ctx = {agentId: 'main', sessionKey: `agent:main:${session}`, sessionId: `s${session}`, runId}
  const event = {toolName: 'exec', params: {command: `echo ${n}`, workdir: '/srv/app'}, toolCallId: `call-${n}`, runId}
  const result = {content: [{type: 'text', text: `${n} `.repeat(40)}], details: {status: 'completed', exitCode: 0}}
  const start = performance.now()
  await host.call('before_tool_call', event, ctx)
  await host.call('after_tool_call', {...event, result, durationMs: 12}, ctx)
  return performance.now() - start
}

function middle(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
