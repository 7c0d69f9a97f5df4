import path from 'node:path'
import esbuild from 'esbuild'
import {describe, expect, it} from 'vitest'
import {formatFaults} from '../../src/lib/config/faults.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {agentLocation, storeLocation, storeSettings} from '../../src/lib/config/store-settings.ts'
import {ClawError} from '../../src/lib/errors.ts'
import {hostFile, tempState} from './temp-state.ts'

const home = '/home/ada'
const withUrl = (url: string, rest = {}) => tempState(hostFile({eventStore: {url, ...rest}}))

describe('where the event log is', () => {
  it('is the embedded log of the state directory', async () => {
    const state = tempState()
    expect(await storeSettings({state, env: {}, home})).toEqual({
      kind: 'sqlite',
      path: path.join(state, 'claw-events', 'events.db'),
      origin: 'default',
      retention: {},
    })
  })

  it('is what the configuration names', async () => {
    const state = withUrl('nats://me:pass@host:4222', {
      streamName: 's',
      subjectPrefix: 'p',
      retention: {maxAge: '30d', maxBytes: '1GB'},
    })
    expect(await storeSettings({state, env: {}, home})).toMatchObject({
      kind: 'nats',
      url: 'nats://me:pass@host:4222',
      stream: 's',
      prefix: 'p',
      origin: 'openclaw.json: eventStore.url',
      retention: {maxAgeMs: 2_592_000_000, maxBytes: 1_000_000_000},
    })
  })

  it('is --store before CLAW_EVENTS_STORE before the configuration', async () => {
    const state = withUrl('nats://file:4222')
    const env = {CLAW_EVENTS_STORE: 'nats://variable:4222', CLAW_EVENTS_EVENT_STORE_URL: 'nats://key:4222'}
    expect(await storeSettings({store: 'nats://flag:4222', state, env, home})).toMatchObject({
      url: 'nats://flag:4222',
      origin: '--store',
    })
    expect(await storeSettings({state, env, home})).toMatchObject({
      url: 'nats://variable:4222',
      origin: 'CLAW_EVENTS_STORE',
    })
    expect(await storeSettings({state, env: {CLAW_EVENTS_EVENT_STORE_URL: 'nats://key:4222'}, home})).toMatchObject({
      url: 'nats://key:4222',
      origin: 'CLAW_EVENTS_EVENT_STORE_URL: eventStore.url',
    })
  })

  it('is the embedded log where eventStore.enabled is false', async () => {
    expect(await storeSettings({state: withUrl('nats://host:4222', {enabled: false}), env: {}, home})).toMatchObject({
      kind: 'sqlite',
      origin: 'default',
    })
  })

  it('is relative to the working directory in a flag and to the state directory in a file', async () => {
    const state = withUrl('sqlite:log/events.db')
    expect(await storeSettings({store: 'sqlite:x.db', state, env: {}, home})).toMatchObject({
      path: path.resolve('x.db'),
    })
    expect(await storeSettings({state, env: {}, home})).toMatchObject({path: path.join(state, 'log/events.db')})
  })

  it('keeps stream and login of the configuration for another server, with files in the state directory', async () => {
    const tls = {ca: 'ca.pem', cert: '/etc/cert.pem'}
    const state = withUrl('nats://file:4222', {streamName: 's', credsFile: 'my.creds', nkeyFile: '~/my.nk', tls})
    expect(await storeSettings({store: 'tls://flag:4222', state, env: {}, home})).toMatchObject({
      url: 'tls://flag:4222',
      stream: 's',
      credsFile: path.join(state, 'my.creds'),
      nkeyFile: '/home/ada/my.nk',
      tls: {ca: path.join(state, 'ca.pem'), cert: '/etc/cert.pem'},
    })
  })

  it('needs no configuration that can be read where --store names a file', async () => {
    const state = tempState({'openclaw.json': '{'})
    expect(await storeSettings({store: 'sqlite:x.db', state, env: {}, home})).toMatchObject({kind: 'sqlite'})
    await expect(storeSettings({state, env: {}, home})).rejects.toMatchObject({code: 'CONFIG_INVALID', exit: 2})
  })

  it('does not depend on what is wrong elsewhere in the configuration', async () => {
    const state = tempState(hostFile({queue: 'nonsense', eventStore: {url: 'nats://host:4222'}}))
    expect(await storeSettings({state, env: {CLAW_EVENTS_QUEUE_MAX_SIZE: 'x'}, home})).toMatchObject({
      url: 'nats://host:4222',
    })
  })

  it('is the same by way of the whole configuration', async () => {
    const tls = {ca: 'ca.pem'}
    for (const section of [
      {},
      {url: 'nats://h:4222', agents: {a: {url: 'nats://a'}}, tls},
      {url: 'sqlite:x.db', retention: {maxAge: '1d'}},
    ]) {
      const state = tempState(hostFile({eventStore: section}))
      const {config, stateDir} = await loadConfig({state, env: {}, home})
      const quick = await storeSettings({state, env: {}, home})
      expect(storeLocation(config.eventStore, {stateDir, home, origin: quick.origin})).toEqual(quick)
    }
  })
})

describe("an agent's own log", () => {
  const agents = {
    own: {url: 'nats://own:pass@host:4222', streamName: 'events-own', subjectPrefix: 'openclaw.events.own'},
    login: {nkeyFile: 'own.nk'},
  }
  const located = async (agent: string) =>
    agentLocation(
      await storeSettings({
        state: withUrl('nats://main:pass@host:4222', {credsFile: 'main.creds', agents}),
        env: {},
        home,
      }),
      agent,
    )

  it('is what the configuration says of it, without the login of the others', async () => {
    const location = await located('own')
    expect(location).toMatchObject({
      url: 'nats://own:pass@host:4222',
      stream: 'events-own',
      prefix: 'openclaw.events.own',
      agent: 'own',
    })
    expect(location).toMatchObject({credsFile: undefined, agents: {}})
    expect(await located('login')).toMatchObject({
      url: 'nats://main:pass@host:4222',
      credsFile: undefined,
      nkeyFile: expect.stringMatching(/\/own\.nk$/),
    })
  })

  it('is on the common server, under names that the adapter makes, where nothing is said', async () => {
    expect(await located('other')).toMatchObject({
      url: 'nats://main:pass@host:4222',
      stream: undefined,
      prefix: undefined,
      agent: 'other',
    })
  })

  it('is not read from a prototype', async () => {
    const location = await located('constructor')
    expect(location).toMatchObject({agent: 'constructor', url: 'nats://main:pass@host:4222', stream: undefined})
  })

  it('is the one embedded log', async () => {
    const embedded = await storeSettings({state: tempState(), env: {}, home})
    expect(agentLocation(embedded, 'own')).toBe(embedded)
  })
})

describe('faults of eventStore', () => {
  it.each([
    {url: 'http://me:hunter2@host'},
    {url: ''},
    {ulr: 'nats://host'},
    {enabled: 'yes', streamName: 'a.b', subjectPrefix: 'a..b'},
    {subjectPrefix: '$JS.API'},
    {retention: {maxAge: 30, maxBytes: -1, maxage: '1d'}},
    {retention: []},
    {agents: {a: {url: 'sqlite:x.db', streamName: 5, credsFile: ' '}, b: null}},
    {agents: ['a']},
    {tls: {key: 5, caFile: 'x'}},
    'nats://host',
  ])('are the same to commands that load no schema: %j', async (eventStore) => {
    const state = tempState(hostFile({eventStore}))
    const whole = (await loadConfig({state, env: {}, home})).faults
    const error = await storeSettings({state, env: {}, home}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ClawError)
    expect(whole.length).toBeGreaterThan(0)
    const said = error instanceof ClawError ? error.message.split('\n').slice(1).sort() : []
    expect(said).toEqual(formatFaults(whole).split('\n').sort())
    expect(said.join()).not.toContain('hunter2')
  })

  it('name the variable', async () => {
    const env = {CLAW_EVENTS_EVENT_STORE_ULR: 'x', CLAW_EVENTS_EVENT_STORE_ENABLED: 'perhaps'}
    await expect(storeSettings({state: tempState(), env, home})).rejects.toThrow(
      'the configuration has 2 faults\n' +
        'CLAW_EVENTS_EVENT_STORE_ULR: expected a variable that is known, found one that is not; did you mean CLAW_EVENTS_EVENT_STORE_URL?\n' +
        'CLAW_EVENTS_EVENT_STORE_ENABLED: eventStore.enabled: expected true or false (1 or 0, yes or no), found "perhaps"',
    )
  })
})

describe('the way to the store', () => {
  it('loads neither zod nor the parsers of other formats before they are needed', async () => {
    const {metafile} = await esbuild.build({
      entryPoints: ['src/lib/config/store-settings.ts'],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      outdir: 'unused',
      write: false,
      metafile: true,
      logLevel: 'silent',
    })
    const all = Object.keys(metafile.inputs).join('\n')
    expect(all).not.toMatch(/node_modules\/zod\/|node_modules\/re2js\/|config\/schema/)
    // json5 and yaml are there, each in a file of its own that is imported only when such a file is read.
    expect(all).toMatch(/node_modules\/json5\//)
    const atStart = inputsAtStart(metafile, 'unused/store-settings.js')
    expect(atStart.filter((name) => name.startsWith('node_modules/'))).toEqual([])
  })
})

function inputsAtStart(metafile: esbuild.Metafile, output: string): string[] {
  const {inputs, imports} = metafile.outputs[output]!
  const loaded = imports.filter(({kind, external}) => kind === 'import-statement' && !external)
  return [...Object.keys(inputs), ...loaded.flatMap(({path}) => inputsAtStart(metafile, path))]
}
