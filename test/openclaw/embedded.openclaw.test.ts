import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/index.ts'
import {fromRequests, fromTranscripts, uncovered} from './coverage.ts'
import {type Gateway, startGateway} from './kit/gateway.ts'
import {type Host, makeHost} from './kit/host.ts'
import {logOf, readLog} from './kit/log.ts'
import {installPlugin, packedPlugin} from './kit/package.ts'
import {clawEvents} from './policy.ts'
import {faultsAtTheEnd, scenarioTests} from './scenario-tests.ts'
import {scenarios} from './scenarios.ts'

let host: Host
let gateway: Gateway
const events = (): Promise<StoredEvent[]> => readLog(logOf(host))

beforeAll(async () => {
  host = await makeHost({plugins: [clawEvents]})
  await installPlugin(host, packedPlugin())
  gateway = await startGateway(host)
})

afterAll(async () => {
  await gateway?.stop()
  await host?.remove()
})

describe('the plugin, installed from its tarball, with the embedded log', () => {
  const driven = scenarioTests({gateway: () => gateway, events}, scenarios)

  it('has every tool call and result that the transcripts hold and the model was sent', async () => {
    const {faults, ...transcripts} = await fromTranscripts(host)
    expect(faults).toEqual([])
    expect(transcripts.calls.size).toBeGreaterThan(0)
    expect(uncovered(await events(), transcripts, fromRequests(host.model.requests))).toEqual([])
  })

  it('ends every session once when the gateway stops, and adds nothing else', async () => {
    expect(await gateway.stop()).toBe(0)
    expect(faultsAtTheEnd(await events(), driven)).toEqual([])
  })
})
