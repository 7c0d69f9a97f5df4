import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type Host, makeHost} from './kit/host.ts'
import {packedPlugin, unpackPlugin} from './kit/package.ts'
import {clawEvents} from './policy.ts'

let host: Host
beforeAll(async () => {
  const folder = (place: string) => unpackPlugin(path.join(place, 'plugin'), packedPlugin())
  host = await makeHost({plugins: [{...clawEvents, folder}]})
})
afterAll(() => host?.remove())

function configure(config: Record<string, unknown>): void {
  host.configure(({plugins}) => {
    plugins.entries['claw-events'] = {enabled: true, config}
  })
}

function guardedBy(when: Record<string, unknown>): Record<string, unknown> {
  return {hookBridge: {toolGuard: {rules: [{id: 'r', when, decision: {block: true}}]}}}
}

const secrets = {
  eventStore: {url: 'nats://ada:pa55word@127.0.0.1:4222'},
  webhooks: [{url: 'https://example.com/?token=t0ken', secret: ['whsec_s3cret'], headers: {'x-key': 'h3ader'}}],
  security: {ws: {authToken: 'w5token'}},
}

describe('the configuration as the host checks it', () => {
  it('may hold conditions within conditions, and a key that is misspelt deep inside is refused with its path', async () => {
    configure(guardedBy({not: {any: [{all: [{toolName: 'exec'}, {not: {agentId: 'x'}}]}, {shell: {program: 'rm'}}]}}))
    expect(await host.run(['config', 'validate'])).toMatchObject({code: 0})
    configure(guardedBy({not: {any: [{tolName: 'exec'}]}}))
    const {code, stdout, stderr} = await host.run(['config', 'validate'])
    expect(code).toBe(1)
    expect(stdout + stderr).toContain(
      'plugins.entries.claw-events.config.hookBridge.toolGuard.rules.0.when.not.any.0: invalid config: must not have additional properties: "tolName"',
    )
  })

  it('is shown without secrets, and without defaults that nobody wrote', async () => {
    configure(secrets)
    const {code, stdout} = await host.run(['config', 'get', 'plugins.entries.claw-events.config'])
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/pa55word|t0ken|s3cret|h3ader|w5token/)
    const shown: Record<string, unknown> = JSON.parse(stdout)
    expect(Object.keys(shown)).toEqual(Object.keys(secrets))
    expect(shown['eventStore']).toEqual({url: expect.any(String)})
  })
})
