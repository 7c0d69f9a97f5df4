// One process of a run, until it is killed (tasks.ts).
import {randomUUID} from 'node:crypto'
import {writeSync} from 'node:fs'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {createRecorder} from '../../src/lib/capture/recorder.ts'
import {createForwarder} from '../../src/lib/delivery/forward/sink.ts'
import {runSinks} from '../../src/lib/delivery/run-sinks.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openNatsStore} from '../../src/lib/store/nats/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteState} from '../../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import type {StateStore} from '../../src/lib/store/state-port.ts'
import {event} from '../contracts/event-store/events.ts'
import {sinksFor} from '../delivery/webhook/endpoints.ts'
import type {Order, TargetPlace, Task} from './tasks.ts'

const say = (text: string) => process.stderr.write(`${text}\n`)
/** Of one life: what comes of faults shows soon, and the rest costs time. */
const mostEvents = 120
const silent = () => undefined
const diagnostics = {debug: silent, info: silent, warn: say, error: say}
const task = JSON.parse(process.argv[2] ?? '') as Task
process.once('disconnect', () => process.exit())
if (task.role === 'gateway') await beGateway(task)
else if (task.role === 'tail') await beTail(task)
else await beImport(task)

function openPlace(place: TargetPlace): Promise<EventStore> {
  return 'path' in place ? openSqliteStore(place.path) : openNatsStore(place.options)
}

/** Tries until it works: a disk that is full, or a server that is away, will not be so for ever. */
async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (thrown) {
      say(String(thrown))
      await sleep(20)
    }
  }
}

async function beGateway({folder, target, webhook, life, isControl}: Extract<Task, {role: 'gateway'}>) {
  let skewMs = 0
  let isEnough = false
  process.on('message', (order: Order) => {
    if (order === 'enough') isEnough = true
    else skewMs = order.skewMs
  })
  const now = () => Date.now() + skewMs
  const open = () => openSqliteStore(path.join(folder, 'events.db'))
  const recorder = createRecorder({openStore: open, queueLimit: 20_000, diagnostics, now})
  const state = await persistently(() => openSqliteState(folder))
  const forwarder = createForwarder({
    name: 'default',
    openTarget: () => openPlace(target),
    nameTarget: async () => 'the target',
    retry: {firstMs: 20, longestMs: 200},
  })
  const webhooks = [{url: webhook, name: 'ordered', ordered: true}]
  const running = runSinks({
    sinks: [forwarder, ...(await sinksFor({webhooks, retry: {maxAttempts: 50}, timeoutMs: 300}))],
    role: 'gateway',
    store: await persistently(open),
    log: 'soak',
    state: isControl ? savingAhead(state) : state,
    diagnostics,
    signal: new AbortController().signal,
    now,
    startAt: 'start',
    report: async () => undefined,
  })
  running.catch((thrown) => say(String(thrown)))
  for (let n = 0; !isEnough && n < mostEvents; ) {
    const count = 1 + (n % 7)
    recorder.record(
      Array.from({length: count}, (_, index) =>
        event(`${life}:${n + index}`, {
          sessionKey: `${life}/${(n + index) % 3}`,
          data: {text: 'x'.repeat((n * 37) % 900)},
        }),
      ),
    )
    n += count
    await recorder.committed(60_000)
    writeSync(1, `ack ${n - 1}\n`)
    await sleep(5)
  }
  writeSync(1, 'over\n')
}

/** The forwarder's cursor before the event: what is under way when it is killed is then lost. */
function savingAhead(state: StateStore): StateStore {
  return {
    ...state,
    commit(step) {
      const doubt = step.cursor?.details?.['doubt'] as {upTo?: string} | undefined
      if (!step.cursor || doubt?.upTo === undefined) return state.commit(step)
      const {doubt: _, ...details} = step.cursor.details ?? {}
      return state.commit({...step, cursor: {...step.cursor, position: doubt.upTo, details}})
    },
  }
}

async function beTail({target, from, isControl}: Extract<Task, {role: 'tail'}>) {
  let position = from
  await persistently(async () => {
    const store = await openPlace(target)
    if (isControl && from !== '') position = (await store.head()) ?? ''
    for await (const one of store.follow(everything, {from: position, signal: new AbortController().signal})) {
      position = one.position
      writeSync(1, `${position} ${one.eventId}\n`)
    }
  })
}

async function beImport({target, name, count, isControl}: Extract<Task, {role: 'import'}>) {
  const events = Array.from({length: count}, (_, n) => event(`${name}:${n}`, {sessionKey: name}))
  const own = isControl ? events.map((one) => ({...one, eventId: `${one.eventId}~${randomUUID()}`})) : events
  await persistently(async () => {
    const store = await openPlace(target)
    try {
      for (let at = 0; at < count; at += 20) await store.append(own.slice(at, at + 20), {bulk: true})
    } finally {
      await store.close()
    }
  })
  writeSync(1, 'done\n')
  process.exit()
}
