import {jetstream as createJetStream, jetstreamManager} from '@nats-io/jetstream'
import {connect, headers, type NatsConnection} from '@nats-io/transport-node'
import {everything} from '../src/lib/filter/filter.ts'
import {openNatsAdmin} from '../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../src/lib/store/nats/store.ts'
import {startNats} from '../test/nats-server.ts'
import {type BenchRow, inTurns, seconds} from './harness.ts'
import {sampleEvents} from './sample-events.ts'

const total = 100_000
const gets = 5_000

export async function jetstream(): Promise<BenchRow[]> {
  return [...(await onServer('2.9', 2)), ...(await onServer('current', 2.5))]
}

async function onServer(binary: 'current' | '2.9', publishAim: number): Promise<BenchRow[]> {
  const server = await startNats({binary})
  const connection = await connect({servers: server.url})
  const rows: BenchRow[] = []
  try {
    const events = sampleEvents(total)
    let run = 0
    const publishing = await inTurns(
      5,
      async () => {
        const options = {url: server.url, stream: `ours-${run}`, prefix: `ours${run++}`}
        await prepare(options)
        const store = await openNatsStore(options)
        const took = await seconds(() => store.append(events))
        await store.close()
        await drop(options)
        return total / took
      },
      async () => {
        const name = `peer-${run++}`
        const manager = await jetstreamManager(connection)
        await manager.streams.add({name, subjects: [`${name}.>`]})
        const took = await seconds(() => clientsOwnPublish(connection, name, events))
        await manager.streams.delete(name)
        return total / took
      },
    )
    rows.push({
      claim: `JetStream publish, acked with id, 1 KB (${binary})`,
      ...publishing,
      peerName: "client's publish, 256 in flight",
      unit: 'events/s',
      aim: {atLeast: publishAim},
    })

    const options = {url: server.url, stream: 'read', prefix: 'read'}
    await prepare(options)
    const store = await openNatsStore(options)
    await store.append(events)
    const ours = async () => {
      let seen = 0
      const took = await seconds(async () => {
        for await (const _event of store.read(everything)) seen++
      })
      if (seen !== total) throw new Error(`read ${seen} of ${total} events`)
      return total / took
    }
    const reading = await inTurns(5, ours, () => bareConsumer(connection, 'read'))
    rows.push({
      claim: `JetStream read + parse (${binary})`,
      ...reading,
      peerName: 'bare ordered consumer + JSON.parse',
      unit: 'events/s',
      aim: {atLeast: 0.85},
    })
    const single = await oneGetPerSequence(connection, 'read')
    rows.push({
      claim: `JetStream read + parse (${binary})`,
      ours: reading.ours,
      peer: single,
      peerName: 'one get per sequence',
      unit: 'events/s',
      aim: {atLeast: 20},
    })
    await store.close()
  } finally {
    await connection.close()
    await server.stop()
  }
  return rows
}

async function prepare(options: {url: string; stream: string; prefix: string}): Promise<void> {
  const admin = await openNatsAdmin(options)
  await admin.apply({})
  await admin.close()
}

async function drop(options: {url: string; stream: string; prefix: string}): Promise<void> {
  const admin = await openNatsAdmin(options)
  await admin.remove()
  await admin.close()
}

async function clientsOwnPublish(
  connection: NatsConnection,
  name: string,
  events: ReturnType<typeof sampleEvents>,
): Promise<void> {
  const js = createJetStream(connection)
  const window: Array<Promise<unknown>> = []
  for (const event of events) {
    const h = headers()
    h.set('Nats-Msg-Id', event.eventId)
    window.push(js.publish(`${name}.${event.agentId}.${event.type}`, JSON.stringify(event), {headers: h}))
    if (window.length === 256) await Promise.all(window.splice(0))
  }
  await Promise.all(window)
}

async function bareConsumer(connection: NatsConnection, stream: string): Promise<number> {
  const consumer = await createJetStream(connection).consumers.get(stream, {})
  const decoder = new TextDecoder()
  let seen = 0
  const took = await seconds(async () => {
    const messages = await consumer.consume({max_messages: 5000})
    for await (const message of messages) {
      JSON.parse(decoder.decode(message.data))
      if (++seen === total) break
    }
  })
  return total / took
}

/** As the event-store document's example reads a stream. */
async function oneGetPerSequence(connection: NatsConnection, stream: string): Promise<number> {
  const manager = await jetstreamManager(connection)
  const took = await seconds(async () => {
    for (let seq = 1; seq <= gets; seq++) (await manager.streams.getMessage(stream, {seq}))?.json()
  })
  return gets / took
}
