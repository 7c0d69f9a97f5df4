import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {everything} from '../../src/lib/filter/filter.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {makeDisk} from './disk.ts'
import {startEndpoint} from './endpoint.ts'
import {type Entry, type Findings, judge} from './history.ts'
import {type Actor, startActor} from './processes.ts'
import {type Random, randomOf} from './random.ts'
import type {StoreKind, Target} from './targets.ts'
import type {Task} from './tasks.ts'

export interface RunOptions {
  seed: number
  kind: StoreKind
  /** With protection switched off: such a run must find something. */
  isControl: boolean
  nextTarget: (folder: string) => Promise<Target>
}

export interface RunResult extends Findings {
  acknowledged: number
  events: number
  /** What was done to it. */
  faults: string[]
  /** Why it did not come to rest in time; then something is lost, too. */
  unfinished?: string
}

const faultsPerRun = {embedded: 5, nats: 6, cluster: 4}
const settleMs = {embedded: 30_000, nats: 40_000, cluster: 90_000}
const importCount = 60
const longestStartMs = 2000
const mostSkewMs = 30 * 86_400_000

/** One run: everything at work at once, faults by the seed's numbers, rest, and what was seen held against the promises. */
export async function runOnce({seed, kind, isControl, nextTarget}: RunOptions): Promise<RunResult> {
  const random = randomOf(seed)
  const disk = makeDisk()
  const {folder} = disk
  const target = await nextTarget(folder)
  const endpoint = await startEndpoint(randomOf(seed + 1))
  const acknowledged: string[] = []
  const tail: string[] = []
  let tailAt = ''
  let lives = 0
  /** Lives that may still record something. */
  const recording = new Set<string>()
  let isImported = false
  const faults: string[] = []

  const starts = {
    gateway() {
      const life = `g${lives++}`
      let told = 0
      const task: Task = {role: 'gateway', folder, target: target.place, webhook: endpoint.url, life, isControl}
      recording.add(life)
      return startActor(task, (line) => {
        if (line === 'over') recording.delete(life)
        else
          for (const upTo = Number(line.slice('ack '.length)); told <= upTo; told++)
            acknowledged.push(`${life}:${told}`)
      })
    },
    tail() {
      return startActor({role: 'tail', target: target.place, from: tailAt, isControl}, (line) => {
        const [position = '', id = ''] = line.split(' ')
        tailAt = position
        tail.push(id)
      })
    },
    import() {
      const task: Task = {role: 'import', target: target.place, name: 'import', count: importCount, isControl}
      return startActor(task, () => {
        isImported = true
      })
    },
  }
  type Role = keyof typeof starts
  const roles: Role[] = ['gateway', 'gateway', 'tail', 'import']
  const actors: Actor[] = roles.map((role) => starts[role]())

  async function restart(...numbers: number[]): Promise<void> {
    await Promise.all(numbers.map((n) => actors[n]!.kill()))
    for (const n of numbers) actors[n] = starts[roles[n]!]()
  }

  const ownFaults: Record<string, (random: Random) => Promise<void>> = {
    'gateway killed': () => restart(random.between(0, 1)),
    'tail killed': () => restart(2),
    'import killed': () => restart(3),
    async 'process frozen'() {
      const actor = actors[random.between(0, 2)]!
      actor.freeze()
      await sleep(random.between(20, 200))
      actor.thaw()
    },
    async 'clock jumps'() {
      actors[random.between(0, 1)]!.tell({skewMs: random.between(-mostSkewMs, mostSkewMs)})
    },
    async 'files torn'() {
      await Promise.all(actors.map((actor) => actor.kill()))
      disk.tear(random)
      for (const [n, role] of roles.entries()) actors[n] = starts[role]()
    },
    ...(disk.fill && {
      async 'disk full'() {
        disk.fill?.()
        await sleep(random.between(30, 250))
        disk.free()
      },
    }),
  }
  const possible = Object.entries({...ownFaults, ...target.faults})
  // Where there are servers, half of what happens happens to them.
  const ofServers = Object.entries(target.faults)

  let log: EventStore | undefined
  let into: EventStore | undefined
  try {
    for (let n = 0; n < faultsPerRun[kind]; n++) {
      const [name, fault] = random.pick(ofServers.length > 0 && random.next() < 0.5 ? ofServers : possible)
      // Mostly when they are at work, now and then when they only start.
      const isAtWork = Promise.all(actors.slice(0, 3).map(({spoken}) => spoken))
      if (random.next() < 0.8) await Promise.race([isAtWork, sleep(longestStartMs)])
      await sleep(random.between(0, 60))
      faults.push(name)
      await fault(random)
    }
    if (!isImported) await restart(3)
    log = await openSqliteStore(path.join(folder, 'events.db'))
    into = await target.open()
    // Who runs to the end starts with what the faults have left, and with a clock that is right again.
    recording.clear()
    if (isControl) await outrunTail(into)
    else await restart(0, 1)
    await sleep(100)
    for (const n of [0, 1]) actors[n]!.tell('enough')
    const unfinished = await rest({log, into, deadline: performance.now() + settleMs[kind]})
    const findings = judge({
      acknowledged,
      log: await entriesOf(log),
      target: await entriesOf(into),
      imported: Array.from({length: importCount}, (_, n) => `import:${n}`),
      tail,
      webhook: endpoint.taken,
    })
    const complaints = unfinished && `${unfinished}\n${actors.map((actor) => actor.complaints()).join('\n')}`
    return {...findings, acknowledged: acknowledged.length, events: tail.length, faults, unfinished: complaints}
  } finally {
    await Promise.all(actors.map((actor) => actor.kill()))
    await Promise.allSettled([log?.close(), into?.close()])
    await endpoint.close()
    await target.remove().catch(() => undefined)
    disk.remove()
  }

  /** What a control run finds whatever its faults met by luck: its tail goes on at the end of the log when resumed. */
  async function outrunTail(into: EventStore): Promise<void> {
    const signal = AbortSignal.timeout(settleMs[kind])
    while (tailAt === '') await sleep(20, undefined, {signal})
    await actors[2]!.kill()
    const {count: before} = await into.count(everything)
    await restart(0, 1)
    while ((await into.count(everything)).count === before) await sleep(20, undefined, {signal})
    await restart(2)
  }

  /** Waits until all have everything; says who has not after the deadline. A control run need not get there. */
  async function rest({log, into, deadline}: {log: EventStore; into: EventStore; deadline: number}) {
    const wait = isControl ? performance.now() + 2000 : deadline
    let last = {events: -1, since: performance.now()}
    for (;;) {
      const {count: events} = await log.count(everything)
      if (events !== last.events) last = {events, since: performance.now()}
      const {count: forwarded} = await into.count(everything)
      const delivered = new Set(endpoint.taken).size
      const isQuiet = recording.size === 0 && performance.now() - last.since > 50
      const wanted = events + importCount
      if (isQuiet && isImported && forwarded >= wanted && tail.length >= wanted && delivered >= events) return undefined
      if (performance.now() > wait) {
        const state = `log ${events}, imported ${isImported}, target ${forwarded}, tail ${tail.length}`
        return `not at rest: ${state}, webhook ${delivered}`
      }
      await sleep(25)
    }
  }
}

async function entriesOf(store: EventStore): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const {eventId, sessionKey = ''} of store.read(everything))
    entries.push({id: eventId, session: sessionKey})
  return entries
}
