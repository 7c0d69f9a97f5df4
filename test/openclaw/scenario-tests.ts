import {expect, it} from 'vitest'
import type {StoredEvent} from '../../src/index.ts'
import {check} from './check.ts'
import {expectations} from './expectations.ts'
import type {Gateway} from './kit/gateway.ts'
import {type TurnResult, takeTurn} from './kit/turn.ts'
import type {Scenario} from './scenarios.ts'

/** Where scenarios are driven, and where what was recorded of them is read. */
export interface Stage {
  gateway(): Gateway
  events(): Promise<StoredEvent[]>
}

/** How long the log may take until it has everything, and how long until a subagent is done and has been announced. */
const settleMs = 10_000
const childrenMs = 45_000

/** Drives each scenario and holds the log against what is expected of it. Those that were driven are in what it returns. */
export function scenarioTests(stage: Stage, scenarios: readonly Scenario[], driven: Scenario[] = []): Scenario[] {
  for (const scenario of scenarios) {
    it(scenario.title, {timeout: 90_000}, async () => {
      driven.push(scenario)
      await drive(stage.gateway(), scenario)
      expect(await settledFaults(stage, scenario)).toEqual([])
    })
  }
  return driven
}

/** What does not agree after the gateway stopped: the host ends each session then, and late copies had their time. */
export function faultsAtTheEnd(events: readonly StoredEvent[], driven: readonly Scenario[]): string[] {
  const isFarewell = ({type, data}: StoredEvent) => type === 'session.end' && data['reason'] === 'shutdown'
  const before = events.filter((event) => !isFarewell(event))
  const ended = events.filter(isFarewell).map(({sessionKey}) => sessionKey)
  // A reload stops and starts the plugin for itself.
  const stops = events.filter(({type, data}) => type === 'gateway.stop' && data['reason'] !== 'plugin replacement')
  return [
    ...driven.flatMap((scenario) => faultsOf(before, scenario).map((fault) => `${scenario.name}: ${fault}`)),
    ...driven.flatMap(({name}) => {
      const count = ended.filter((key) => key === sessionKeyOf(name)).length
      return count === 1 ? [] : [`${name}: its session ended ${count} times`]
    }),
    ...(stops.length === 1 ? [] : [`${stops.length} × gateway.stop, not 1`]),
  ]
}

export async function drive({client}: Gateway, {name, turns}: Scenario): Promise<TurnResult[]> {
  const results: TurnResult[] = []
  for (const turn of turns) results.push(await takeTurn(client, {sessionKey: sessionKeyOf(name), ...turn}))
  return results
}

export function sessionKeyOf(name: string): string {
  return `agent:main:${name}`
}

/** The faults that are left when the log has had its time. */
async function settledFaults(stage: Stage, scenario: Scenario): Promise<string[]> {
  const deadline = performance.now() + (scenario.hasChildren ? childrenMs : settleMs)
  for (;;) {
    const faults = faultsOf(await stage.events(), scenario)
    if (faults.length === 0 || performance.now() > deadline) return faults
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function faultsOf(events: readonly StoredEvent[], {name, hasChildren = false}: Scenario): string[] {
  const expectation = expectations[name]
  if (expectation === undefined) throw new Error(`nothing is expected of ${name}`)
  const own = sessionKeyOf(name)
  const isOwn = (key: string) => key === own || (hasChildren && key.startsWith('agent:main:subagent:'))
  return check(
    events.filter(({sessionKey}) => sessionKey !== undefined && isOwn(sessionKey)),
    expectation,
  )
}
