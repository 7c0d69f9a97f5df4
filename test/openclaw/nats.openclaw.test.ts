import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/index.ts'
import {type NatsServer, startNats} from '../nats-server.ts'
import {fromRequests, fromTranscripts, uncovered, unsaid} from './coverage.ts'
import {type Gateway, startGateway} from './kit/gateway.ts'
import {type Host, makeHost} from './kit/host.ts'
import {logOf, makeStream, readLog} from './kit/log.ts'
import {packedPlugin, unpackPlugin} from './kit/package.ts'
import {until} from './kit/until.ts'
import {clawEvents} from './policy.ts'
import {faultsAtTheEnd, scenarioTests} from './scenario-tests.ts'
import {type Scenario, scenarios} from './scenarios.ts'

let nats: NatsServer
let host: Host
let gateway: Gateway
const events = (): Promise<StoredEvent[]> => readLog(nats.url)
const driven: Scenario[] = []

beforeAll(async () => {
  nats = await startNats()
  await makeStream(nats.url)
  const config = {...clawEvents.config, eventStore: {url: nats.url}}
  const folder = (place: string) => unpackPlugin(path.join(place, 'plugin'), packedPlugin())
  host = await makeHost({plugins: [{...clawEvents, config, folder}]})
  gateway = await startGateway(host)
})

afterAll(async () => {
  await gateway?.stop()
  await host?.remove()
  await nats?.stop()
})

describe('the plugin, loaded from a folder, with JetStream', () => {
  scenarioTests({gateway: () => gateway, events}, scenarios, driven)

  it('has every tool call, result and message that the transcripts hold and the model was sent', async () => {
    const {faults, ...transcripts} = await fromTranscripts(host)
    expect(faults).toEqual([])
    expect(uncovered(await events(), transcripts, fromRequests(host.model.requests))).toEqual([])
    expect(unsaid(await events(), transcripts)).toEqual([])
  })

  it('has what the embedded log has, once and in its order, after the gateway was stopped and started again', async () => {
    expect(await gateway.stop()).toBe(0)
    expect(faultsAtTheEnd(await readLog(logOf(host)), driven)).toEqual([])
    const embedded = (await readLog(logOf(host))).map(({eventId}) => eventId)
    gateway = await startGateway(host)
    const forwarded = await until('everything is forwarded', async () => {
      const ids = (await events()).map(({eventId}) => eventId)
      return ids.length >= embedded.length ? ids.slice(0, embedded.length) : undefined
    })
    expect(forwarded).toEqual(embedded)
  })
})
