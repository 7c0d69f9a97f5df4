import {describe, expect, it} from 'vitest'
import {loadConfig} from '../../src/lib/config/load.ts'
import {configSchema, jsonSchema} from '../../src/lib/config/schema.ts'
import {show} from '../../src/lib/config/show.ts'
import {fullConfig} from './full-config.ts'
import {hostFile, tempState} from './temp-state.ts'

describe('showing the configuration', () => {
  it('gives every key that has a value, with where it comes from', async () => {
    const state = tempState({
      ...hostFile({queue: {maxSize: 22}, eventStore: {agents: {a: {streamName: 'host'}}}}),
      'config.yml': 'gateway: {eventStore: {agents: {b: {streamName: yaml}}}}',
    })
    const {config, origins} = await loadConfig({state, env: {EVENT_PLUGIN_WEBHOOKS: 'https://a.example'}})
    const shown = new Map(show(config, origins).map((key) => [key.key, key]))
    expect(shown.get('queue.maxSize')).toEqual({key: 'queue.maxSize', value: 22, origin: 'openclaw.json'})
    expect(shown.get('queue.flushIntervalMs')).toMatchObject({value: 0, origin: 'default'})
    expect(shown.get('eventStore.agents')).toMatchObject({origin: 'openclaw.json, config.yml'})
    expect(shown.get('webhooks')).toMatchObject({origin: 'EVENT_PLUGIN_WEBHOOKS'})
    expect(shown.has('eventStore.url')).toBe(false)
  })

  it('never shows a secret', () => {
    const secret = `c4n4ry-${'x'.repeat(20)}`
    const config = configSchema.parse({
      ...fullConfig,
      eventStore: {url: `nats://me:${secret}@host:4222`, agents: {a: {url: `nats://${secret}@host`}}},
      security: {ws: {authToken: secret, tokens: [{token: secret}]}, hmac: {secret}},
      webhooks: [
        {
          url: `https://me:${secret}@a.example/?token=${secret}`,
          authToken: secret,
          headers: {Authorization: secret, 'X-Anything': secret},
          secret: [`whsec_${Buffer.from(secret + secret).toString('base64')}`],
        },
        {url: `https://hooks.slack.com/services/${secret}`},
      ],
      hookBridge: {
        actions: {
          a: {type: 'webhook', url: 'https://a.example', authToken: secret, headers: {Cookie: secret}},
          b: {
            type: 'local_script',
            path: 'b.sh',
            args: ['--token', `--password=${secret}`, `Authorization: Bearer ${secret}`],
          },
        },
      },
      transport: {authToken: secret},
    })
    const text = JSON.stringify(show(config, new Map()))
    expect(text).not.toContain('c4n4ry')
    expect(text).not.toContain(Buffer.from('c4n4ry-').toString('base64').slice(0, 8))
    expect(text).toContain('nats://***@host:4222')
  })

  it('shows what only sounds like a secret', () => {
    const config = configSchema.parse({redaction: {fields: ['token', 'password']}})
    const shown = new Map(show(config, new Map()).map(({key, value}) => [key, value]))
    expect(shown.get('redaction.fields')).toEqual(['token', 'password'])
    expect(shown.get('security.hmac.secretFilePath')).toBe('.event-plugin-hmac.secret')
  })
})

describe('the JSON Schema for the manifest', () => {
  it('closes every section, so that the host refuses misspelt keys too', () => {
    const schema = jsonSchema()
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        queue: {
          additionalProperties: false,
          properties: {maxSize: {type: 'integer', minimum: 10, maximum: 10_000, default: 1000}},
        },
        hookBridge: {properties: {toolGuard: {additionalProperties: false}}},
      },
    })
    expect(schema).not.toHaveProperty('required')
  })

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(jsonSchema()))).toEqual(jsonSchema())
  })
})
