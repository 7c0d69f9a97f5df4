import {readFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/index.ts'
import {type NatsServer, startNats} from '../nats-server.ts'
import {type Gateway, startGateway} from './kit/gateway.ts'
import {type Host, makeHost} from './kit/host.ts'
import {logOf, makeStream, readLog} from './kit/log.ts'
import {packedPlugin, unpackPlugin} from './kit/package.ts'
import {until} from './kit/until.ts'
import {clawEvents} from './policy.ts'

/** Each costs a start of the gateway; more of them on a quiet evening. */
const kills = Number(process.env.CLAW_EVENTS_KILLS ?? 3)

let nats: NatsServer
let host: Host
let gateway: Gateway | undefined

beforeAll(async () => {
  nats = await startNats()
  await makeStream(nats.url)
  const config = {...clawEvents.config, eventStore: {url: nats.url}, capture: {strict: true}}
  const folder = (place: string) => unpackPlugin(path.join(place, 'plugin'), packedPlugin())
  host = await makeHost({plugins: [{...clawEvents, config, folder}]})
})

afterAll(async () => {
  await gateway?.kill9()
  await host?.remove()
  await nats?.stop()
})

describe('the plugin in a gateway that is killed', () => {
  it(`loses nothing and doubles nothing in ${kills} kills, the NATS server among them`, {
    timeout: 120_000 * (kills + 1),
  }, async () => {
    const moments: number[] = []
    for (let round = 0; round < kills; round++) {
      gateway = await startGateway(host)
      const before = (await embedded()).length
      // The turn never ends: its gateway is killed.
      const message = 'run busy [[SCENARIO:busy]]'
      await gateway.client.request('chat.send', {
        sessionKey: `agent:main:busy-${round}`,
        message,
        idempotencyKey: `busy-${round}`,
      })
      await until('the run is busy', async () => ((await embedded()).length > before + 30 ? true : undefined), 60_000)
      if (round % 2 === 0) await nats.kill9()
      const moment = Math.random() * 1500
      moments.push(moment)
      await new Promise((resolve) => setTimeout(resolve, moment))
      await gateway.kill9()
      if (round % 2 === 0) await nats.restart()
    }
    const told = `killed after ${moments.map(Math.round).join(', ')} ms`

    const committed = await embedded()
    const calls = committed.filter(({type}) => type === 'tool.called').map(({data}) => commandOf(data))
    expect(ranCommands().length, told).toBeGreaterThan(kills)
    expect(unrecorded(ranCommands(), calls), told).toEqual([])

    gateway = await startGateway(host)
    const ids = committed.map(({eventId}) => eventId)
    const forwarded = await until(
      'everything is forwarded',
      async () => {
        const found = (await readLog(nats.url)).map(({eventId}) => eventId)
        return found.length >= ids.length ? found : undefined
      },
      60_000,
    )
    expect(forwarded.slice(0, ids.length), told).toEqual(ids)
    expect(new Set(forwarded).size, told).toBe(forwarded.length)
  })
})

const embedded = (): Promise<StoredEvent[]> => readLog(logOf(host))

/** The commands that really ran. */
function ranCommands(): string[] {
  const lines = readFileSync(path.join(host.workspace, 'ran.txt'), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => `echo ${line} >> ran.txt`)
}

/** Those that ran more often than they were recorded. */
function unrecorded(ran: readonly string[], recorded: readonly string[]): string[] {
  const left = [...recorded]
  return ran.filter((command) => {
    const place = left.indexOf(command)
    if (place >= 0) left.splice(place, 1)
    return place < 0
  })
}

function commandOf({params}: Record<string, unknown>): string {
  return String((params as {command?: string} | undefined)?.command)
}
