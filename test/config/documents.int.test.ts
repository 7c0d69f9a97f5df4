import {mkdirSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {formatFaults} from '../../src/lib/config/faults.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {storeSettings} from '../../src/lib/config/store-settings.ts'
import {hostFile, tempState} from './temp-state.ts'

const load = (files: Record<string, unknown>, env: Record<string, string> = {}) =>
  loadConfig({state: tempState(files), env, home: '/home/nobody'})

/** How the host's file refers to a variable. */
const reference = (name: string) => ['$', '{', name, '}'].join('')

describe('openclaw.json', () => {
  it('may be JSON5, with comments and trailing commas', async () => {
    const text = `{
      // a comment
      plugins: {entries: {'claw-events': {config: {queue: {maxSize: 22,},},},},},
    }`
    const {config, faults} = await load({'openclaw.json': text})
    expect([faults, config.queue.maxSize]).toEqual([[], 22])
  })

  it('may start with a byte order mark', async () => {
    const {config} = await load({
      'openclaw.json': `\ufeff${JSON.stringify(hostFile({queue: {maxSize: 22}})['openclaw.json'])}`,
    })
    expect(config.queue.maxSize).toBe(22)
  })

  it('without an entry of ours leaves the defaults', async () => {
    const {config, faults, notes} = await load({'openclaw.json': {plugins: {entries: {other: {config: {a: 1}}}}}})
    expect([config.queue.maxSize, faults, notes]).toEqual([1000, [], []])
  })

  it('that cannot be parsed is a fault with the place, and not a silent default', async () => {
    const {faults} = await load({'openclaw.json': '{\n  plugins: {oops'})
    expect(formatFaults(faults)).toBe(
      'openclaw.json: expected JSON or JSON5, found JSON5: invalid end of input at 2:17',
    )
  })

  it('that cannot be read is a fault', async () => {
    const state = tempState()
    mkdirSync(path.join(state, 'openclaw.json'))
    const {faults} = await loadConfig({state, env: {}})
    expect(faults).toMatchObject([{path: '', source: 'openclaw.json', expected: 'a file that can be read'}])
  })

  it('is found where OPENCLAW_CONFIG_PATH says, whatever its name', async () => {
    const state = tempState({'my.json5': hostFile({queue: {maxSize: 22}})['openclaw.json']})
    const env = {OPENCLAW_CONFIG_PATH: path.join(state, 'my.json5')}
    const {config, origins, stateDir} = await loadConfig({env})
    expect([config.queue.maxSize, origins.get('queue.maxSize')?.name, stateDir]).toEqual([22, 'my.json5', state])
  })

  it('that OPENCLAW_CONFIG_PATH names in vain is remarked on', async () => {
    const file = path.join(tempState(), 'gone.json')
    const {notes} = await loadConfig({env: {OPENCLAW_CONFIG_PATH: file}})
    expect(notes).toEqual([`OPENCLAW_CONFIG_PATH names ${file}, which is not there`])
  })

  it('is read as the configuration of the event-server plugin where ours is not there', async () => {
    const {config} = await load(hostFile({queue: {maxSize: 22}}, 'event-server-plugin'))
    expect(config.queue.maxSize).toBe(22)
  })

  it('with both plugins is read for ours alone, with a remark', async () => {
    const entries = {
      'claw-events': {config: {queue: {maxSize: 22}}},
      'event-server-plugin': {config: {queue: {maxSize: 33, flushIntervalMs: 33}}},
    }
    const {config, notes} = await load({'openclaw.json': {plugins: {entries}}})
    expect(config.queue).toMatchObject({maxSize: 22, flushIntervalMs: 0})
    expect(notes).toEqual([
      'plugins.entries has a configuration for both claw-events and event-server-plugin: that of event-server-plugin is not used',
    ])
  })

  it('may refer to variables of the environment, of <state>/.env and of its own env section, as the host reads it', async () => {
    const entry = hostFile({
      security: {
        ws: {
          authToken: reference('WS_TOKEN'),
          allowedOrigins: [`https://${reference('SITE')}/${reference('PAGE')}`, `$${reference('SITE')}`],
        },
      },
      correlationIdHeader: reference('MISSING'),
    })
    const document = {...(entry['openclaw.json'] as object), env: {vars: {PAGE: 'inline', SITE: 'inline'}}}
    const {config, notes} = await load(
      {'openclaw.json': document, '.env': 'SITE=dotenv\nWS_TOKEN=dotenv'},
      {WS_TOKEN: 'process'},
    )
    expect(config.security.ws.authToken).toBe('process')
    expect(config.security.ws.allowedOrigins).toEqual(['https://dotenv/inline', reference('SITE')])
    expect(notes).toEqual([`openclaw.json refers to ${reference('MISSING')}, which is not set`])
  })

  it('may include other files, as the host reads it', async () => {
    const {config, faults} = await load({
      'openclaw.json': {plugins: {$include: './plugins.json5'}},
      'plugins.json5':
        "{entries: {'claw-events': {config: {$include: ['a.json', 'deep/b.json'], queue: {maxSize: 22}}}}}",
      'a.json': {queue: {maxSize: 33, flushIntervalMs: 33}, logging: {debug: true}},
      'deep/b.json': {logging: {$include: 'c.json'}},
      'deep/c.json': {logQueue: true},
    })
    expect(faults).toEqual([])
    expect(config.queue).toMatchObject({maxSize: 22, flushIntervalMs: 33})
    expect(config.logging).toMatchObject({debug: true, logQueue: true})
  })

  it('that includes a file which is missing, or itself, has a fault', async () => {
    const missing = await load({'openclaw.json': {plugins: {$include: './gone.json'}}})
    expect(missing.faults).toMatchObject([{source: './gone.json', found: 'no such file'}])
    const itself = await load({'openclaw.json': {plugins: {$include: './openclaw.json'}}})
    expect(itself.faults).toMatchObject([
      {source: './openclaw.json', expected: 'files that include each other at most 10 deep'},
    ])
  })
})

describe('config.yml', () => {
  it('gives gateway.eventStore, and nothing else', async () => {
    const yaml = `gateway:
  port: 18789
  eventStore:
    enabled: true # Enable event publishing
    url: nats://user:pass@localhost:4222
    streamName: openclaw-events
    subjectPrefix: openclaw.events
    agents:
      my-agent:
        url: nats://agent:pass@localhost:4222
        streamName: events-my-agent
        subjectPrefix: openclaw.events.my-agent
queue:
  maxSize: nonsense
`
    const {config, faults} = await load({'config.yml': yaml})
    expect(faults).toEqual([])
    expect(config.eventStore).toMatchObject({
      url: 'nats://user:pass@localhost:4222',
      agents: {'my-agent': {streamName: 'events-my-agent'}},
    })
  })

  it('that cannot be parsed is a fault without an excerpt, which could hold a secret', async () => {
    const {faults} = await load({'config.yml': 'gateway: {eventStore: {url: nats://a:hunter2@b\nx: ]'})
    expect(faults).toMatchObject([{path: 'eventStore', source: 'config.yml', expected: 'YAML'}])
    expect(formatFaults(faults)).not.toMatch(/hunter2|\n/)
  })
})

describe('a configuration file', () => {
  const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`

  it.each([
    ['that is a list', '[]', 'an object'],
    ['that is a text', '"x"', 'an object'],
    ['that is null', 'null', 'an object'],
    ['that is a number', '5', 'an object'],
    ['with a key that would set a prototype', '{"hookBridge": {"__proto__": {}}}', 'keys other than "__proto__"'],
    ['that is nested without end', deep, 'values nested at most 100 deep'],
  ])('%s is a fault as a whole', async (_title, text, expected) => {
    const file = path.join(tempState({'c.json': text}), 'c.json')
    const {faults, config} = await loadConfig({config: file, state: tempState(), env: {}})
    expect(faults).toMatchObject([{path: '', source: file, expected}])
    expect(config.queue.maxSize).toBe(1000)
  })

  it('that is circular, as YAML can be, is a fault', async () => {
    const {faults} = await load({'config.yml': 'gateway:\n  eventStore: &loop\n    tls: *loop\n'})
    expect(faults).toMatchObject([{path: 'eventStore', source: 'config.yml'}])
  })

  it.each(['', '\n', '# later\n---\n  # more'])('that is empty but for comments says nothing: %j', async (text) => {
    const {faults} = await load({'config.yml': text})
    expect(faults).toEqual([])
  })

  it.each([
    ['openclaw.json', 'null', 'null'],
    ['openclaw.json', '[{"plugins": {}}]', 'a list'],
    ['config.yml', '# the list that it should not be\n- gateway', 'a list'],
    ['config.yml', 'null', 'null'],
    ['config.yml', '5', 'a number'],
  ])('of the host that is no object is a fault, too: %s, %j', async (name, text, found) => {
    const {faults} = await load({[name]: text})
    expect(faults).toMatchObject([{source: name, expected: 'an object', found}])
  })

  it.each([
    [{toolGuard: {rules: []}}, ['hookBridge.toolGuard']],
    [
      {actions: {}, toolGuard: {rules: []}, rules: []},
      ['hookBridge.actions', 'hookBridge.toolGuard', 'hookBridge.rules'],
    ],
    [{rules: [], onError: 'block'}, ['hookBridge.toolGuard.rules', 'hookBridge.toolGuard.onError']],
  ])('given by --config that mixes a part with the whole loses neither without a word: %j', async (part, belongs) => {
    const file = path.join(tempState({'mixed.json': {...part, eventStore: {url: 'sqlite:other.db'}}}), 'mixed.json')
    const {config, faults} = await loadConfig({config: file, only: true, env: {}, state: tempState()})
    expect(faults.map(({suggestion}) => suggestion)).toEqual(belongs)
    expect(config.eventStore.url).toBe('sqlite:other.db')
    await expect(storeSettings({config: file, env: {}, state: tempState()})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 2,
      message: expect.stringContaining(`did you mean ${belongs[0]}?`),
    })
  })

  it('given by --config must be there', async () => {
    await expect(loadConfig({config: 'gone.json', state: tempState(), env: {}})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 2,
      message: 'there is no configuration file gone.json',
    })
  })

  const guard = {rules: [{id: 'a', when: {}, decision: {block: true}}]}
  it.each([
    ['a plugin configuration', {hookBridge: {toolGuard: guard}}],
    ['a hookBridge object or policy bundle', {allowedActionDirs: [], actions: {}, toolGuard: guard}],
    ['a bare toolGuard object', guard],
    [
      'a whole openclaw.json',
      {plugins: {entries: {'event-server-plugin': {config: {hookBridge: {toolGuard: guard}}}}}},
    ],
  ])('given by --config may be %s', async (_title, document) => {
    const file = path.join(tempState({'policy.json': document}), 'policy.json')
    const {config, faults} = await loadConfig({config: file, only: true, env: {}, state: tempState()})
    expect([faults, config.hookBridge.toolGuard.rules.map(({id}) => id)]).toEqual([[], ['a']])
  })
})
