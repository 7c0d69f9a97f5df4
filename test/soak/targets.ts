import {setTimeout as sleep} from 'node:timers/promises'
import {openNatsAdmin} from '../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../src/lib/store/nats/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {startCluster} from '../cluster/nats-cluster.ts'
import {type NatsServer, startNats} from '../nats-server.ts'
import {bareClient, newLog, reconfigure} from '../store/nats/a-log.ts'
import {openProxy} from '../store/nats/proxy.ts'
import type {Random} from './random.ts'
import type {TargetPlace} from './tasks.ts'

export type StoreKind = 'embedded' | 'nats' | 'cluster'

/** A log to forward to, and what can happen to where it is. Each fault resolves when it is over. */
export interface Target {
  place: TargetPlace
  open(): Promise<EventStore>
  faults: Record<string, (random: Random) => Promise<void>>
  remove(): Promise<void>
}

export interface Targets {
  /** One more log. Servers are kept from run to run. */
  next(folder: string): Promise<Target>
  stop(): Promise<void>
}

export async function openTargets(kind: StoreKind): Promise<Targets> {
  if (kind === 'embedded') return {next: embedded, stop: async () => undefined}
  return kind === 'nats' ? singleServer() : cluster()
}

async function embedded(folder: string): Promise<Target> {
  const place = {path: `${folder}/target.db`}
  return {place, open: () => openSqliteStore(place.path), faults: {}, remove: async () => undefined}
}

/** Its duplicate window is over before anything can be sent again. */
async function singleServer(): Promise<Targets> {
  const server = await startNats()
  const proxy = await openProxy(server.port)
  return {
    async next() {
      const direct = await newLog(server.url)
      await reconfigure(server.url, direct.stream, {duplicate_window: 100_000_000})
      return {
        place: {options: {...direct, url: proxy.url}},
        open: () => openNatsStore(direct),
        faults: {
          'server killed': (random) => away(random, server.kill9, server.restart),
          'server restarted': (random) => away(random, server.shutDown, server.restart),
          'server frozen': (random) => away(random, server.freeze, server.thaw),
          'connections cut': async () => proxy.cut(),
        },
        remove: () => removeLog(direct),
      }
    },
    async stop() {
      await proxy.close()
      await server.stop()
    },
  }
}

async function cluster(): Promise<Targets> {
  const made = await startCluster()
  return {
    async next() {
      await made.ready()
      const options = await newLog(made.url, {replicas: 3})
      const {stream} = options
      const whenSettled = async (fault: (leader: NatsServer) => Promise<void>) => {
        await made.settled(stream)
        await fault(await made.leaderOf(stream))
        await made.settled(stream)
      }
      return {
        place: {options},
        open: () => openNatsStore(options),
        faults: {
          'leader killed': (random) => whenSettled((leader) => away(random, leader.kill9, leader.restart)),
          'leader restarted': (random) => whenSettled((leader) => away(random, leader.shutDown, leader.restart)),
          'leader frozen': (random) =>
            whenSettled(async (leader) => {
              leader.freeze()
              await sleep(random.between(100, 12_000))
              leader.thaw()
            }),
          'node killed': (random) =>
            whenSettled(() => {
              const node = random.pick(made.nodes)
              return away(random, node.kill9, node.restart)
            }),
          'leader changed': async () => {
            const {nc, close} = await bareClient(made.nodes.map(({url}) => url))
            await nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', {timeout: 5000}).catch(() => undefined)
            await close()
            await made.leaderOf(stream)
          },
        },
        remove: () => removeLog(options),
      }
    },
    stop: made.stop,
  }
}

async function away(random: Random, go: () => Promise<void> | void, back: () => Promise<void> | void): Promise<void> {
  await go()
  await sleep(random.between(0, 400))
  await back()
}

async function removeLog(options: Parameters<typeof openNatsAdmin>[0]): Promise<void> {
  const admin = await openNatsAdmin(options)
  await admin.remove()
  await admin.close()
}
