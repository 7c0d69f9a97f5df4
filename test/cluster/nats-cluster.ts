import {freePort, type NatsBinary, type NatsServer, startNats} from '../nats-server.ts'
import {bareClient} from '../store/nats/a-log.ts'

export interface NatsCluster {
  nodes: NatsServer[]
  /** Of all nodes, as one store URL. */
  url: string
  /** The node that leads a stream; waits until there is one. */
  leaderOf(stream: string): Promise<NatsServer>
  /** Starts nodes that are down. Resolves once streams can be made on all: a node that is back is not thought of at once. */
  ready(): Promise<void>
  /** Resolves once every copy of the stream is up to date. */
  settled(stream: string): Promise<void>
  stop(): Promise<void>
}

export interface ClusterOptions {
  binary?: NatsBinary
  /** Addresses of the nodes, and the commands that each is run by; three on 127.0.0.1. */
  places?: ReadonlyArray<{host: string; runBy?: readonly string[]}>
}

const onLoopback = [{host: '127.0.0.1'}, {host: '127.0.0.1'}, {host: '127.0.0.1'}]
const patienceMs = 30_000

/** Starts a cluster of servers with JetStream, and waits until streams can be made in it. */
export async function startCluster({binary, places = onLoopback}: ClusterOptions = {}): Promise<NatsCluster> {
  const ports = await Promise.all(places.map(() => freePort()))
  const routes = places.map(({host}, n) => `nats-route://${host}:${ports[n]}`)
  const nodes = await Promise.all(
    places.map(({host, runBy}, n) =>
      startNats({
        binary,
        host,
        runBy,
        config: `server_name: n${n}\ncluster {name: c, listen: "${host}:${ports[n]}", routes: [${routes.join(', ')}]}`,
      }),
    ),
  )
  const url = nodes.map((node, n) => (n === 0 ? node.url : node.url.replace('nats://', ''))).join(',')

  async function infoOf(stream: string) {
    const {jsm, close} = await bareClient(nodes.map((node) => node.url))
    try {
      return (await jsm.streams.info(stream)).cluster
    } finally {
      await close()
    }
  }

  async function stop(): Promise<void> {
    await Promise.all(nodes.map((node) => node.stop()))
  }

  async function ready(): Promise<void> {
    await Promise.all(nodes.map((node) => node.restart()))
    await until('the cluster takes streams', async () => {
      const {jsm, close} = await bareClient(nodes.map((node) => node.url))
      try {
        await jsm.streams.add({name: 'probe', subjects: ['probe'], num_replicas: nodes.length})
        await jsm.streams.delete('probe')
        return true
      } finally {
        await close()
      }
    })
  }

  try {
    await ready()
  } catch (thrown) {
    await stop()
    throw thrown
  }

  return {
    nodes,
    url,
    ready,
    async leaderOf(stream) {
      return until(`stream ${stream} has a leader`, async () => nodes[Number((await infoOf(stream))?.leader?.slice(1))])
    },
    settled: (stream) =>
      until(`the copies of ${stream} are up to date`, async () => {
        const {leader, replicas = []} = (await infoOf(stream)) ?? {}
        return leader && replicas.length === nodes.length - 1 && replicas.every(({current}) => current)
          ? true
          : undefined
      }).then(() => undefined),
    stop,
  }
}

/** What `look` gives once it gives something; what it throws counts as nothing. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + patienceMs
  let failure: unknown
  while (performance.now() < deadline) {
    try {
      const found = await look()
      if (found !== undefined) return found
    } catch (thrown) {
      failure = thrown
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`not within ${patienceMs / 1000} s: ${what}`, {cause: failure})
}
