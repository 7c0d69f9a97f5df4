import path from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {pathText} from '../../src/lib/config/key-path.ts'
import {mergeLayers} from '../../src/lib/config/layers.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {hostFile, tempState} from './temp-state.ts'

describe('the configuration', () => {
  const state = tempState({
    ...hostFile({
      eventStore: {url: 'nats://host-file:4222', streamName: 'host-file', agents: {a: {streamName: 'host-file'}}},
      filters: {includeTypes: ['host-file']},
      logging: {debug: true},
    }),
    'config.yml': `
gateway:
  eventStore:
    url: nats://yaml:4222
    streamName: yaml
    subjectPrefix: yaml
    retention: {maxAge: 1d}
    agents: {a: {streamName: yaml, subjectPrefix: yaml}, b: {streamName: yaml}}
`,
  })
  const config = path.join(
    tempState({'named.json': {eventStore: {url: 'nats://named:4222'}, filters: {includeTypes: ['named']}}}),
    'named.json',
  )

  it('takes each key from the first file that has it: --config, openclaw.json, config.yml', async () => {
    const loaded = await loadConfig({config, state, env: {}})
    expect(loaded.faults).toEqual([])
    expect(loaded.config.eventStore).toMatchObject({
      url: 'nats://named:4222',
      streamName: 'host-file',
      subjectPrefix: 'yaml',
      retention: {maxAge: '1d'},
      agents: {a: {streamName: 'host-file', subjectPrefix: 'yaml'}, b: {streamName: 'yaml'}},
    })
    expect(loaded.config.filters.includeTypes).toEqual(['named'])
    expect(loaded.config.logging.debug).toBe(true)
  })

  it('remembers where each value comes from', async () => {
    const env = {CLAW_EVENTS_LOGGING_LOG_QUEUE: 'yes', EVENT_PLUGIN_DEBUG: 'no'}
    const {origins} = await loadConfig({config, state, env})
    const names = [
      'eventStore.url',
      'eventStore.streamName',
      'eventStore.subjectPrefix',
      'logging.logQueue',
      'logging.debug',
    ]
    expect(names.map((name) => origins.get(name)?.name)).toEqual([
      config,
      'openclaw.json',
      'config.yml',
      'CLAW_EVENTS_LOGGING_LOG_QUEUE',
      'EVENT_PLUGIN_DEBUG',
    ])
    expect(origins.get('queue.maxSize')).toBeUndefined()
  })

  it('takes CLAW_EVENTS_* before EVENT_PLUGIN_* before files', async () => {
    const theirs = {EVENT_PLUGIN_INCLUDE_TYPES: 'theirs', EVENT_PLUGIN_DEBUG: '0'}
    const both = {...theirs, CLAW_EVENTS_FILTERS_INCLUDE_TYPES: '["ours"]'}
    const [first, second] = [
      await loadConfig({config, state, env: theirs}),
      await loadConfig({config, state, env: both}),
    ]
    expect(first.config.filters.includeTypes).toEqual(['theirs'])
    expect(second.config.filters.includeTypes).toEqual(['ours'])
    expect(second.config.logging.debug).toBe(false)
  })

  it('is only the named file where only that is asked for', async () => {
    const loaded = await loadConfig({
      config,
      state,
      only: true,
      env: {CLAW_EVENTS_LOGGING_DEBUG: '1', EVENT_PLUGIN_WEBHOOKS: 'https://a.example'},
    })
    expect(loaded.config.eventStore).toMatchObject({url: 'nats://named:4222', agents: {}})
    expect([loaded.config.logging.debug, loaded.config.webhooks]).toEqual([false, []])
  })

  it('is what the host hands over rather than what its file holds', async () => {
    const loaded = await loadConfig({
      state,
      env: {},
      host: hostFile({eventStore: {streamName: 'handed-over'}})['openclaw.json'],
    })
    expect(loaded.config.eventStore).toMatchObject({streamName: 'handed-over', url: 'nats://yaml:4222'})
    expect(loaded.origins.get('eventStore.streamName')?.name).toBe("the host's configuration")
  })

  it('takes what the host hands over frozen, behind a proxy, and faulty', async () => {
    const queue = Object.freeze({maxSize: 22, flushIntervalMs: 'x'})
    const host = new Proxy(hostFile({queue, webhooks: Object.freeze([{}])})['openclaw.json'] as object, {})
    const loaded = await loadConfig({state: tempState(), env: {}, host})
    expect(loaded.config.queue).toMatchObject({maxSize: 22, flushIntervalMs: 0})
    expect(loaded.faults.map(({path}) => path)).toEqual(['webhooks[0].url', 'queue.flushIntervalMs'])
  })
})

describe('merging', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), {maxLength: 2}))
  const key = fc.constantFrom('a', 'b', 'c')
  const {tree} = fc.letrec((tie) => ({
    tree: fc.dictionary(key, fc.oneof({depthSize: 'small'}, leaf, tie('tree')), {maxKeys: 3, noNullPrototype: true}),
  }))

  it('gives each leaf of the strongest layer as it is, and never changes a layer', () => {
    fc.assert(
      fc.property(tree, tree, (strong, weak) => {
        const before = JSON.stringify([strong, weak])
        const {values, origins} = mergeLayers([layer('strong', strong), layer('weak', weak)])
        for (const [place, value] of leaves(strong)) {
          expect(at(values, place)).toEqual(value)
          expect(origins.get(pathText(place))?.name).toBe('strong')
        }
        expect(JSON.stringify([strong, weak])).toBe(before)
      }),
      {seed: 11},
    )
  })

  it('with itself changes nothing', () => {
    fc.assert(
      fc.property(tree, (only) => {
        expect(mergeLayers([layer('a', only), layer('b', only)]).values).toEqual(only)
      }),
      {seed: 11},
    )
  })
})

type Tree = Record<string, unknown>

function layer(name: string, values: unknown) {
  return {values: values as Tree, originOf: () => ({kind: 'file' as const, name})}
}

function leaves(value: unknown, place: string[] = []): Array<[string[], unknown]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[place, value]]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...place, key]))
}

function at(value: unknown, place: string[]): unknown {
  return place.reduce<unknown>((inner, key) => (inner as Tree)[key], value)
}
