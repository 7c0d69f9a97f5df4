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

/** How long the log may take until it has everything; a subagent's run and its announcement are waited for, too. */
const settleMs = 20_000

/** Drives each scenario and holds the log against what is expected of it. Those that were driven are in what it returns. */
export function scenarioTests(stage: Stage, scenarios: readonly Scenario[]): readonly Scenario[] {
  const driven: Scenario[] = []
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
  const ends = events.filter(isFarewell).map(({sessionId}) => sessionId)
  return [
    ...driven.flatMap((scenario) => faultsOf(before, scenario).map((fault) => `${scenario.name}: ${fault}`)),
    ...ends.filter((id, index) => ends.indexOf(id) !== index).map((id) => `session ${id} ended twice`),
    ...['gateway.start', 'gateway.stop'].flatMap((type) => {
      const count = events.filter((event) => event.type === type).length
      return count === 1 ? [] : [`${count} × ${type}, not 1`]
    }),
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
  const deadline = performance.now() + settleMs
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
