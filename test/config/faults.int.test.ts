import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {configError, formatFaults, isGuardFault} from '../../src/lib/config/faults.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {parseConfig} from '../../src/lib/config/parse.ts'
import {configSchema} from '../../src/lib/config/schema.ts'
import {leavesOf} from '../../src/lib/config/schema-tree.ts'
import {setAt} from '../../src/lib/config/set-at.ts'
import {hostFile, tempState} from './temp-state.ts'

const load = (config: unknown, env: Record<string, string> = {}) =>
  loadConfig({state: tempState(hostFile(config)), env, home: '/home/nobody'})

const faultsOf = async (config: unknown, env?: Record<string, string>) => formatFaults((await load(config, env)).faults)

const block = {decision: {block: true}}

describe('the configuration of the event-server plugin, as its README has it', () => {
  const example = readFileSync(path.join(import.meta.dirname, 'event-server-plugin.openclaw.json'), 'utf8')

  it('has no faults and no remarks', async () => {
    const {faults, notes} = await loadConfig({state: tempState({'openclaw.json': example}), env: {}})
    expect([faults, notes]).toEqual([[], []])
  })

  it('means the same', async () => {
    const {config} = await loadConfig({state: tempState({'openclaw.json': example}), env: {}})
    const written = JSON.parse(example).plugins.entries['event-server-plugin'].config
    // An empty token is none.
    delete written.security.ws.authToken
    expect(config).toMatchObject(written)
  })
})

describe('faults', () => {
  it('come all at once, from every place, with path, expected and found', async () => {
    const config = {
      eventStore: {retention: {maxAge: 30, maxBytes: 'much'}, streamName: 'a b'},
      security: {ws: {ports: [9011, 70_000, 'x'], allowedIps: ['localhost']}},
      webhooks: [{method: 'GET'}, {url: 'ftp://a.example'}],
      queue: 'long',
      hookBridge: {
        actions: {a: {type: 'exec'}},
        toolGuard: {timeoutMs: 1, rules: [{id: 'r', when: {typeChecks: {'data.params.x': 'null'}}, ...block}]},
      },
    }
    expect(
      (await faultsOf(config, {CLAW_EVENTS_STATUS_TICK_INTERVAL_MS: 'soon', EVENT_PLUGIN_WS_REQUIRE_AUTH: 'maybe'}))
        .split('\n')
        .sort(),
    ).toEqual([
      'CLAW_EVENTS_STATUS_TICK_INTERVAL_MS: status.tickIntervalMs: expected a number, found "soon"',
      'EVENT_PLUGIN_WS_REQUIRE_AUTH: security.ws.requireAuth: expected true or false (1 or 0, yes or no), found "maybe"',
      'openclaw.json: eventStore.retention.maxAge: expected a duration such as "30d", found 30',
      'openclaw.json: eventStore.retention.maxBytes: expected a size such as "10GB", or a number of bytes, found "much"',
      'openclaw.json: eventStore.streamName: expected a stream name: no blanks, dots, slashes, * or >, at most 255 characters, found "a b"',
      'openclaw.json: hookBridge.actions.a.type: expected "webhook" or "local_script", found "exec"',
      'openclaw.json: hookBridge.toolGuard.rules[0].when.typeChecks["data.params.x"]: expected "string", "number", "boolean", "object" or "array", found "null"',
      'openclaw.json: hookBridge.toolGuard.timeoutMs: expected a whole number from 100 to 120000, found 1',
      'openclaw.json: queue: expected an object, found "long"',
      'openclaw.json: security.ws.allowedIps[0]: expected an IP address or a range such as "10.0.0.0/8", found "localhost"',
      'openclaw.json: security.ws.ports[1]: expected a whole number from 0 to 65535, found 70000',
      'openclaw.json: security.ws.ports[2]: expected a whole number from 0 to 65535, found "x"',
      'openclaw.json: webhooks[0].method: expected "POST", "PUT" or "PATCH", found "GET"',
      'openclaw.json: webhooks[0].url: expected a URL with http:// or https://, found nothing',
      'openclaw.json: webhooks[1].url: expected a URL with http:// or https://, found "ftp://a.example"',
    ])
  })

  it('name the variable where a variable set a value out of range', async () => {
    expect(await faultsOf({}, {EVENT_PLUGIN_STATUS_TICK_INTERVAL_MS: '5'})).toBe(
      'EVENT_PLUGIN_STATUS_TICK_INTERVAL_MS: status.tickIntervalMs: expected a whole number from 1000 to 60000, found 5',
    )
    expect(await faultsOf({}, {EVENT_PLUGIN_WEBHOOKS: 'nowhere'})).toBe(
      'EVENT_PLUGIN_WEBHOOKS: webhooks[0].url: expected a URL with http:// or https://, found "nowhere"',
    )
  })

  it.each([
    ['evntStore', {evntStore: {}}, 'eventStore'],
    ['security.ws.reqireAuth', {security: {ws: {reqireAuth: true}}}, 'requireAuth'],
    ['webhooks[0].hedaers', {webhooks: [{url: 'https://a.example', hedaers: {}}]}, 'headers'],
    ['eventStore.agents.main.streamname', {eventStore: {agents: {main: {streamname: 'x'}}}}, 'streamName'],
    ['hookBridge.actions.a.pth', {hookBridge: {actions: {a: {type: 'local_script', path: 'x', pth: 'y'}}}}, 'path'],
    [
      'hookBridge.toolGuard.rules[0].when.any[0].not.toolNme',
      {hookBridge: {toolGuard: {rules: [{id: 'r', when: {any: [{not: {toolNme: 'x'}}]}, ...block}]}}},
      'toolName',
    ],
    ['toolGuard', {toolGuard: {}}, 'hookBridge.toolGuard'],
    ['requireAuth', {requireAuth: true}, 'security.ws.requireAuth'],
  ])('of a misspelt or misplaced key %s suggest the right one', async (place, config, suggestion) => {
    const {faults} = await load(config)
    expect(faults).toMatchObject([{path: place, expected: 'a key that is known', suggestion}])
    expect(formatFaults(faults)).toContain(`; did you mean ${suggestion}?`)
  })

  it('of a misspelt word suggest the right one', async () => {
    const {faults} = await load({hookBridge: {toolGuard: {onError: 'blok'}}, eventLog: {format: 'full_json'}})
    expect(faults.map(({suggestion}) => suggestion).sort()).toEqual(['block', 'full-json'])
  })

  it('of a variable that is not known suggest the right one', async () => {
    expect(await faultsOf({}, {CLAW_EVENTS_QUEUE_MAXSIZE: '5', EVENT_PLUGIN_WS_PORT: '1'})).toBe(
      'CLAW_EVENTS_QUEUE_MAXSIZE: expected a variable that is known, found one that is not; did you mean CLAW_EVENTS_QUEUE_MAX_SIZE?\n' +
        'EVENT_PLUGIN_WS_PORT: expected a variable that is known, found one that is not; did you mean EVENT_PLUGIN_WS_PORTS?',
    )
  })

  it('do not come of variables that are ours without being keys, or of others', async () => {
    expect(
      await faultsOf({}, {CLAW_EVENTS_STORE: 'x', CLAW_EVENTS_STATE: 'y', OPENCLAW_PROFILE: '', PATH: '/bin'}),
    ).toBe('')
  })

  it('never show a secret', async () => {
    const {faults} = await load(
      {
        eventStore: {url: 'nats//me:hunter2@host', agents: {a: {url: 'http://me:hunter2@host'}}},
        security: {
          ws: {authToken: ['hunter2'], tokens: [{token: {a: 'hunter2'}}, 'hunter2']},
          hmac: {secret: {x: 'hunter2'}},
        },
        webhooks: [
          {url: 'ws://me:hunter2@host', secret: 'hunter2', headers: {'X-Custom': ['hunter2'], Cookie: 987654}},
        ],
        hookBridge: {actions: {a: {type: 'webhook', url: 'me:hunter2@host', authToken: 987654}}},
      },
      {
        CLAW_EVENTS_TRANSPORT_MODE: 'nats://me:hunter2@host',
        CLAW_EVENTS_SECURITY_WS_TOKENS: 'hunter2',
        CLAW_EVENTS_HOOK_BRIDGE_ACTIONS: '{"a": {"authToken": "hunter2"}',
        CLAW_EVENTS_EVENT_STORE_ENABLED: 'Authorization: Bearer hunter2hunter2',
      },
    )
    expect(faults.length).toBeGreaterThan(14)
    const said = `${JSON.stringify(faults)} ${configError(faults).message}`
    expect(said).not.toContain('hunter2')
    expect(said).not.toContain('987654')
  })

  it('become one error, with exit code 2', async () => {
    const {faults} = await load({queue: 5, retry: 5})
    expect(configError(faults)).toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 2,
      message:
        'the configuration has 2 faults\nopenclaw.json: retry: expected an object, found 5\nopenclaw.json: queue: expected an object, found 5',
    })
  })

  it('are always in our own words, whatever is written for whatever key', () => {
    const wrong = [null, true, -1, 1.5, 1e12, 'x', '', [], [5], [''], [null], {}, {x: 5}, {x: {}}, [{}], [{x: 1}], [[]]]
    const said = leavesOf(configSchema).flatMap(({path}) =>
      wrong.flatMap((value) => {
        const values: Record<string, unknown> = {}
        setAt(values, path, value)
        return parseConfig({values, origins: new Map()}).faults.map(({expected}) => expected)
      }),
    )
    expect(new Set(said.filter((words) => /^(Invalid|Too|Unrecognized|Expected)|received/.test(words)))).toEqual(
      new Set(),
    )
    expect(said.length).toBeGreaterThan(1000)
  })

  it('leave the default where they are and everything else as it was written', async () => {
    const {config, origins} = await load({
      queue: {maxSize: 'x', flushIntervalMs: 22},
      retrry: {},
      webhooks: [{url: 'https://a.example'}, {url: 5}, {url: 'https://b.example', metod: 'PUT'}],
      security: {ws: {ports: [1, 'x', 2]}},
      hookBridge: {actions: {good: {type: 'webhook', url: 'https://a.example'}, bad: {type: 'webhook'}}},
    })
    expect(config.queue).toMatchObject({maxSize: 1000, flushIntervalMs: 22})
    expect(config.webhooks.map(({url}) => url)).toEqual(['https://a.example', 'https://b.example'])
    expect(config.security.ws.ports).toEqual([1, 2])
    expect(Object.keys(config.hookBridge.actions)).toEqual(['good'])
    expect(origins.has('queue.maxSize')).toBe(false)
  })
})

describe('faults that one key does not show', () => {
  const rulesOf = (rules: unknown[], rest = {}) => ({hookBridge: {toolGuard: {rules}, ...rest}})

  it.each([
    [
      'two rules with one id',
      rulesOf([
        {id: 'r', when: {}, ...block},
        {id: 'r', when: {}, ...block},
      ]),
      'hookBridge.toolGuard.rules[1].id: expected an id that no other rule has, found "r"',
    ],
    [
      'a rule without when',
      rulesOf([{id: 'r', ...block}]),
      'hookBridge.toolGuard.rules[0].when: expected an object, found nothing',
    ],
    [
      'a rule that does nothing',
      rulesOf([{id: 'r', when: {}}]),
      'hookBridge.toolGuard.rules[0]: expected an "action", or a "decision" with "block", "params" or "ask", found neither',
    ],
    [
      'a decision that decides nothing',
      rulesOf([{id: 'r', when: {}, decision: {blockReason: 'x'}}]),
      'hookBridge.toolGuard.rules[0].decision: expected an "action", or a "decision" with "block", "params" or "ask", found one without',
    ],
    [
      'an action that is not there',
      rulesOf([{id: 'r', when: {}, action: 'aproove'}], {
        actions: {approve: {type: 'webhook', url: 'https://a.example'}},
      }),
      'hookBridge.toolGuard.rules[0].action: expected the id of an action in hookBridge.actions, found "aproove"; did you mean approve?',
    ],
    [
      'an action that only a prototype has',
      rulesOf([{id: 'r', when: {}, action: 'constructor'}]),
      'hookBridge.toolGuard.rules[0].action: expected the id of an action in hookBridge.actions, found "constructor"',
    ],
    [
      'a bridge rule with an action that is not there',
      {hookBridge: {rules: [{id: 'r', when: {}, action: 'x'}]}},
      'hookBridge.rules[0].action: expected the id of an action in hookBridge.actions, found "x"',
    ],
    [
      'a socket for all addresses without a token',
      {security: {ws: {bindAddress: '0.0.0.0'}}},
      'security.ws.bindAddress: expected a loopback address, or a token in security.ws.authToken beside it, found "0.0.0.0"',
    ],
    [
      'two webhooks of one name',
      {
        webhooks: [
          {url: 'https://a.example', name: 'x'},
          {url: 'https://b.example', name: 'x'},
        ],
      },
      'webhooks[1].name: expected a name that no other endpoint has, found "x"',
    ],
    [
      'a demand for a token that nobody has',
      {security: {ws: {requireAuth: true, authToken: ''}}},
      'security.ws.requireAuth: expected a token in security.ws.authToken beside it, found none',
    ],
  ])('such as %s are found', async (_title, config, fault) => {
    expect(await faultsOf(config)).toBe(`openclaw.json: ${fault}`)
  })

  it('such as a filter in CEL that does not parse are found', async () => {
    expect(await faultsOf({webhooks: [{url: 'https://a.example', filters: {where: 'data.x >'}}]})).toMatch(
      /^openclaw\.json: webhooks\[0\]\.filters\.where: expected a CEL expression that compiles, found one that does not \(.+\)$/,
    )
  })

  it('are found beside faults of single keys, at their own places', async () => {
    const rules = [
      {id: 'r', when: {nonsense: 1}, ...block},
      {id: 'r', when: {}, action: 'x'},
    ]
    const {faults} = await load({
      ...rulesOf(rules),
      webhooks: [{url: 5}, {url: 'https://a.example', filters: {text: '"'}}],
    })
    expect(faults.map(({path}) => path).sort()).toEqual([
      'hookBridge.toolGuard.rules[0].when.nonsense',
      'hookBridge.toolGuard.rules[1].action',
      'hookBridge.toolGuard.rules[1].id',
      'webhooks[0].url',
      'webhooks[1].filters.text',
    ])
  })

  it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', 'LOCALHOST'])(
    'are not seen in a socket on %s',
    async (bindAddress) => {
      expect(await faultsOf({security: {ws: {bindAddress}}})).toBe('')
    },
  )

  it('are not seen in a socket that is switched off', async () => {
    expect(await faultsOf({security: {ws: {enabled: false, bindAddress: '0.0.0.0', requireAuth: true}}})).toBe('')
  })
})

describe('a fault may concern the guard', () => {
  const guardFaults = async (config: unknown, env?: Record<string, string>) =>
    (await load(config, env)).faults.map(isGuardFault)

  it.each<[string, unknown, Record<string, string>?]>([
    ['in its policy', {hookBridge: {toolGuard: {onError: 'blok'}}}],
    ['in an action', {hookBridge: {actions: {a: {type: 'exec'}}}}],
    ['in what holds both', {hookBridge: []}],
    ['in a misspelt key beside them', {hookBridge: {toolGaurd: {}}}],
    ['in a misspelt or misplaced key', {hokBridge: {}, toolGuard: {}}],
    ['in a variable', {}, {CLAW_EVENTS_HOOK_BRIDGE_TOOL_GUARD_ENABLE: '1'}],
    ['in the value of a variable', {}, {CLAW_EVENTS_HOOK_BRIDGE_TOOL_GUARD_ENABLED: 'sure'}],
  ])('%s', async (_title, config, env) => {
    expect(new Set(await guardFaults(config, env))).toEqual(new Set([true]))
  })

  it('in a file that cannot be read', async () => {
    const {faults} = await loadConfig({state: tempState({'openclaw.json': '{'}), env: {}})
    expect(faults.map(isGuardFault)).toEqual([true])
  })

  it.each(['gateway: [', 'gateway: {eventStore: 5}', 'gateway: {eventStore: {__proto__: {}}}'])(
    'but does not in a config.yml such as %s, which holds no policy',
    async (yaml) => {
      const {faults} = await loadConfig({state: tempState({'config.yml': yaml}), env: {}})
      expect(faults.map(isGuardFault)).toEqual([false])
    },
  )

  it.each<[string, unknown, Record<string, string>?]>([
    ['in a sink', {queue: 5, webhooks: [{}], eventLog: {formt: 'x'}}],
    ['in the rules of the bridge', {hookBridge: {enabled: 'x', rules: [{id: 'a'}], runtime: {concurrency: 0}}}],
    ['in a variable', {}, {CLAW_EVENTS_QUEUE_MAX_SIZE: 'x', EVENT_PLUGIN_NONSENSE: 'x'}],
  ])('but does not %s', async (_title, config, env) => {
    expect(new Set(await guardFaults(config, env))).toEqual(new Set([false]))
  })
})
