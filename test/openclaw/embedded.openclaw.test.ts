import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/index.ts'
import {unlikeTheHost} from './comparison.ts'
import {fromRequests, fromTranscripts, uncovered, unsaid} from './coverage.ts'
import {type Gateway, startGateway} from './kit/gateway.ts'
import {type Host, makeHost} from './kit/host.ts'
import {logOf, readLog} from './kit/log.ts'
import {installPlugin, packedPlugin} from './kit/package.ts'
import {probeRecords} from './kit/probe-records.ts'
import {until} from './kit/until.ts'
import {clawEvents, faultyRule, laterRule, toolGuard} from './policy.ts'
import {faultsAtTheEnd, scenarioTests} from './scenario-tests.ts'
import {
  faultyScenarios,
  innerScenarios,
  providerScenarios,
  reloadedScenarios,
  type Scenario,
  scenarios,
} from './scenarios.ts'

let host: Host
let gateway: Gateway
const events = (): Promise<StoredEvent[]> => readLog(logOf(host))
const stage = {gateway: () => gateway, events}
const driven: Scenario[] = []

beforeAll(async () => {
  host = await makeHost({plugins: [clawEvents]})
  await installPlugin(host, packedPlugin())
  gateway = await startGateway(host)
})

afterAll(async () => {
  await gateway?.stop()
  await host?.remove()
})

/** Edits the configuration file, and waits until the gateway has taken it over. */
async function edit(rules: readonly unknown[]): Promise<void> {
  const before = gateway.log().length
  host.configure(({tools, plugins}) => {
    tools['toolSearch'] = {mode: 'tools'}
    const entry = plugins.entries['claw-events']
    if (entry) entry.config = {hookBridge: {toolGuard: {...toolGuard, rules}}}
  })
  const isApplied = () => (gateway.log().includes('config hot reload applied', before) ? true : undefined)
  await until('the new configuration is in force', isApplied, 60_000)
}

describe('the plugin, installed from its tarball, with the embedded log', () => {
  scenarioTests(stage, scenarios, driven)

  describe('after its configuration was edited while the gateway runs', () => {
    beforeAll(() => edit([...toolGuard.rules, laterRule]))
    scenarioTests(stage, [...reloadedScenarios, ...innerScenarios], driven)
  })

  describe('after its policy was edited to one that has a fault', () => {
    beforeAll(() => edit([...toolGuard.rules, faultyRule]))
    scenarioTests(stage, faultyScenarios, driven)
    afterAll(() => edit(toolGuard.rules))
  })

  scenarioTests(stage, providerScenarios, driven)

  it('has every tool call, result and message that the transcripts hold and the model was sent', async () => {
    const {faults, ...transcripts} = await fromTranscripts(host)
    expect(faults).toEqual([])
    expect(transcripts.calls.size).toBeGreaterThan(0)
    expect(uncovered(await events(), transcripts, fromRequests(host.model.requests))).toEqual([])
    expect(unsaid(await events(), transcripts)).toEqual([])
  })

  it('ends every session once when the gateway stops, and adds nothing else', async () => {
    expect(await gateway.stop()).toBe(0)
    expect(faultsAtTheEnd(await events(), driven)).toEqual([])
    expect(unlikeTheHost(await events(), probeRecords(host))).toEqual([])
  })
})
