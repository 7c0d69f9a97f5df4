import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {check} from './check.ts'
import {fromRequests, fromTranscripts, uncovered, unsaid} from './coverage.ts'
import {expectations} from './expectations.ts'
import {type Host, makeHost} from './kit/host.ts'
import {logOf, readLog} from './kit/log.ts'
import {packedPlugin, unpackPlugin} from './kit/package.ts'
import {clawEvents} from './policy.ts'

let host: Host
beforeAll(async () => {
  const folder = (place: string) => unpackPlugin(path.join(place, 'plugin'), packedPlugin())
  host = await makeHost({plugins: [{...clawEvents, folder}]})
})
afterAll(() => host?.remove())

describe('the plugin, in an agent that runs without a gateway', () => {
  it.each([
    ['exec', 'records a tool call'],
    ['block', 'blocks a call'],
  ])('%s: %s', {timeout: 180_000}, async (name) => {
    const session = `agent:main:local-${name}`
    const said = ['-m', `run ${name} [[SCENARIO:${name}]]`]
    const {code, stderr} = await host.run(['agent', '--local', '--agent', 'main', '--session-key', session, ...said])
    expect(code, stderr).toBe(0)
    const events = await readLog(logOf(host))
    const own = events.filter(({sessionKey}) => sessionKey === session)
    expect(check(own, expectations[`local-${name}`]!)).toEqual([])
    const {faults, ...transcripts} = await fromTranscripts(host)
    expect(faults).toEqual([])
    expect(uncovered(events, transcripts, fromRequests(host.model.requests))).toEqual([])
    expect(unsaid(events, transcripts)).toEqual([])
  })
})
