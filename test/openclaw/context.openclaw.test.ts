import {createHash} from 'node:crypto'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/index.ts'
import {storeLocation} from '../../src/lib/config/store-settings.ts'
import {openAdmin} from '../../src/lib/wiring/open-store.ts'
import {type NatsServer, startNats} from '../nats-server.ts'
import {type Sandbox, sandbox} from '../run-bin.ts'
import {type Gateway, startGateway} from './kit/gateway.ts'
import {type Host, makeHost} from './kit/host.ts'
import {logOf, readLog} from './kit/log.ts'
import type {ModelRequest} from './kit/mock-model.ts'
import {packedPlugin, unpackPlugin} from './kit/package.ts'
import {injectedContext, textOf} from './kit/script.ts'
import {takeTurn} from './kit/turn.ts'
import {until} from './kit/until.ts'

/** On a busy machine everything takes long, and how long is not what is tested here. */
const deadlineMs = 8000
const restartMs = 240_000

/** A gateway whose agent is given context. */
function hostWith(config: Record<string, unknown> = {}): Promise<Host> {
  const folder = (place: string) => unpackPlugin(path.join(place, 'plugin'), packedPlugin())
  const hooks = {allowConversationAccess: true}
  const plugin = {id: 'claw-events', hooks, folder, config: {context: {enabled: true, deadlineMs}, ...config}}
  // What the mock model writes is no summary by the host's standards.
  const compaction = {recentTurnsPreserve: 1, qualityGuard: {enabled: false}}
  return makeHost({plugins: [plugin], agentDefaults: {compaction}})
}

/** What an operator and a user do with one host, and what they see. */
function visit(host: Host, box: Sandbox) {
  const events = () => readLog(logOf(host))
  /** The first request to the model with these words in it. */
  function requestWith(words: string): ModelRequest | undefined {
    return host.model.requests.find(({messages}) =>
      messages.some(({role, content}) => role === 'user' && textOf(content).includes(words)),
    )
  }
  return {
    events,
    requestWith,
    contextFor(words: string): string {
      const request = requestWith(words)
      if (request === undefined) throw new Error(`the model was never asked ${words}`)
      return injectedContext(request.messages) ?? ''
    },
    async say({client}: Gateway, session: string, message: string): Promise<string> {
      const {text} = await takeTurn(client, {sessionKey: `agent:main:${session}`, message, timeoutMs: 100_000})
      return text
    },
    /** The event that records an injection into a session, the newest one. */
    async injection(session: string): Promise<StoredEvent> {
      return until(`an injection into ${session} is recorded`, async () =>
        (await events()).findLast(({type, sessionKey}) => type === 'context.injected' && sessionKey?.includes(session)),
      )
    },
    async claw(args: readonly string[]) {
      const {code, stdout, stderr} = await box.run(args, {env: host.env})
      return {code, stderr, document: stdout.startsWith('{') ? JSON.parse(stdout) : undefined}
    },
  }
}

const recall = '[[SCENARIO:recall]]'

let box: Sandbox
beforeAll(() => {
  box = sandbox()
})
afterAll(() => box?.remove())

describe('context in a gateway, from the embedded log', {timeout: 120_000}, () => {
  let host: Host
  let gateway: Gateway
  let here: ReturnType<typeof visit>

  beforeAll(async () => {
    host = await hostWith()
    here = visit(host, box)
    gateway = await startGateway(host)
  })
  afterAll(async () => {
    await gateway?.stop()
    await host?.remove()
  })

  it('lets a second session answer from what was said in the first', async () => {
    await here.say(gateway, 'one', 'The dentist expects me on Friday at nine.')
    const answer = await here.say(gateway, 'two', `When does the dentist expect me? ${recall}`)
    expect(answer).toContain('The dentist expects me on Friday at nine.')
    expect(here.contextFor('When does the dentist expect me?')).not.toContain('When does the dentist')
  })

  it('injects the very bytes that the preview shows, and records them before the model is asked', async () => {
    const {eventId, data} = await here.injection('two')
    const sent = here.contextFor('When does the dentist expect me?')
    const {document} = await here.claw(['context', 'preview', '--injection', eventId, '--json'])
    expect(document).toMatchObject({text: sent, injection: {eventId, isSame: true, missing: []}})
    expect(createHash('sha256').update(sent).digest('hex')).toBe(data['sha256'])
    const events = await here.events()
    const place = (type: string) =>
      events.findIndex((event) => event.type === type && event.sessionKey?.includes('two'))
    expect(place('context.injected')).toBeGreaterThan(0)
    expect(place('context.injected')).toBeLessThan(place('model.call.started'))
  })

  it('does not tell a session what the model has before it anyway', async () => {
    await here.say(gateway, 'one', `And where is the dentist? ${recall}`)
    expect(here.contextFor('And where is the dentist?')).not.toContain('on Friday at nine')
  })

  it('brings back after /new what was said before', async () => {
    await here.say(gateway, 'three', 'My cat is called Mirabelle.')
    await here.say(gateway, 'three', '/new')
    expect(await here.say(gateway, 'three', `What is the name of my cat? ${recall}`)).toContain('called Mirabelle')
  })

  it('brings back what compaction took away', async () => {
    await here.say(gateway, 'four', 'The boiler is in the cellar, behind the green door.')
    for (const words of ['Good.', 'Fine.', 'Well.']) await here.say(gateway, 'four', words)
    await here.say(gateway, 'four', '/compact')
    await here.say(gateway, 'four', `Where did I say the boiler is? ${recall}`)
    const {messages} = here.requestWith('Where did I say the boiler is?')!
    const history = messages.filter(({role}) => role !== 'system').map(({content}) => textOf(content))
    expect(history.join('\n')).not.toContain('behind the green door')
    expect(here.contextFor('Where did I say the boiler is?')).toContain('behind the green door')
  })

  it('is given to scheduled jobs, and leaves heartbeats alone', async () => {
    const job = {kind: 'agentTurn', message: 'Report what the dentist expects'}
    await gateway.client.request('cron.add', {
      name: 'report',
      schedule: {kind: 'at', at: new Date(Date.now() + 1000).toISOString()},
      sessionTarget: 'isolated',
      wakeMode: 'now',
      payload: job,
      delivery: {mode: 'none'},
    })
    await until('the job has run', () => here.requestWith(job.message), 60_000)
    expect(here.contextFor(job.message)).toContain('on Friday at nine')
    await gateway.client.request('wake', {mode: 'now', text: 'Look after the dentist'})
    await until('the heartbeat has run', () => here.requestWith('Look after the dentist'), 60_000)
    expect(here.contextFor('Look after the dentist')).toBe('')
  })

  it('is in time for the first turn after a restart', {timeout: restartMs}, async () => {
    expect(await gateway.stop()).toBe(0)
    gateway = await startGateway(host)
    const answer = await here.say(gateway, 'five', `Who expects me on Friday, and who is Mirabelle? ${recall}`)
    expect(answer).toContain('on Friday at nine')
    expect(answer).toContain('called Mirabelle')
    expect((await here.events()).filter(({type}) => type === 'context.skipped')).toEqual([])
  })

  it('lets a turn go on when the log cannot be read in time, and doctor tells', async () => {
    const blocker = new DatabaseSync(path.join(host.state, 'claw-events', 'events.db'))
    blocker.exec('BEGIN IMMEDIATE')
    try {
      expect(await here.say(gateway, 'six', `Does anybody know the dentist? ${recall}`)).toBe('I remember: nothing')
    } finally {
      blocker.exec('ROLLBACK')
      blocker.close()
    }
    await until('it is recorded', async () =>
      (await here.events()).find(({type, sessionKey}) => type === 'context.skipped' && sessionKey?.includes('six')),
    )
    const {code, document} = await here.claw(['doctor', '--json'])
    expect(code).toBe(3)
    expect(document.checks).toContainEqual(
      expect.objectContaining({
        id: 'context.main',
        ok: false,
        severity: 'warning',
        message: expect.stringContaining(`not ready within ${deadlineMs} ms`),
      }),
    )
    await here.say(gateway, 'seven', `And now the dentist? ${recall}`)
    const after = await here.claw(['doctor', '--json'])
    expect(after.document.checks).toContainEqual(expect.objectContaining({id: 'context.main', ok: true}))
  })
})

describe('context in a gateway, from JetStream', {timeout: 120_000}, () => {
  let nats: NatsServer
  let host: Host
  let gateway: Gateway
  let here: ReturnType<typeof visit>

  beforeAll(async () => {
    nats = await startNats()
    const admin = await openAdmin(storeLocation({url: nats.url}, {stateDir: '.'}))
    await admin.apply({})
    await admin.close()
    host = await hostWith({eventStore: {url: nats.url}})
    here = visit(host, box)
    gateway = await startGateway(host)
  })
  afterAll(async () => {
    await gateway?.stop()
    await host?.remove()
    await nats?.stop()
  })

  /** Until the server has what was said. */
  async function forwarded(words: string): Promise<void> {
    await until(`"${words}" is on the server`, async () =>
      (await readLog(nats.url)).find(({type, data}) => type === 'conversation.message.in' && data['text'] === words),
    )
  }

  it('lets a second session answer from the first one, also after /new, with the bytes of the preview', async () => {
    await here.say(gateway, 'one', 'The dentist expects me on Friday at nine.')
    await forwarded('The dentist expects me on Friday at nine.')
    const answer = await here.say(gateway, 'two', `When does the dentist expect me? ${recall}`)
    expect(answer).toContain('on Friday at nine')
    const {eventId} = await here.injection('two')
    const shown = await until('the injection is on the server', async () => {
      const {code, document} = await here.claw(['context', 'preview', '--injection', eventId, '--json'])
      return code === 0 ? document : undefined
    })
    expect(shown).toMatchObject({text: here.contextFor('When does the dentist expect me?'), injection: {isSame: true}})
    await here.say(gateway, 'one', '/new')
    expect(await here.say(gateway, 'one', `What does the dentist do? ${recall}`)).toContain('on Friday at nine')
  })

  it('is in time after a restart, and in an agent without a gateway', {timeout: restartMs}, async () => {
    expect(await gateway.stop()).toBe(0)
    const said = ['--session-key', 'agent:main:local', '-m', `What says the dentist locally? ${recall}`]
    const {code, stderr} = await host.run(['agent', '--local', '--agent', 'main', ...said])
    expect(code, stderr).toBe(0)
    expect(here.contextFor('What says the dentist locally?')).toContain('on Friday at nine')
    gateway = await startGateway(host)
    expect(await here.say(gateway, 'three', `Who expects me on Friday? ${recall}`)).toContain('on Friday at nine')
    expect((await here.events()).filter(({type}) => type === 'context.skipped')).toEqual([])
  })

  it('lets turns go on while the server is away, and doctor tells', async () => {
    await nats.kill9()
    expect(await here.say(gateway, 'four', `Is the dentist away? ${recall}`)).toBe('I remember: nothing')
    const {code, document} = await here.claw(['doctor', '--json'])
    expect(code).toBe(3)
    expect(document.checks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({id: 'store.reachable', ok: false, severity: 'error'}),
        expect.objectContaining({id: 'context.main', ok: false, severity: 'warning'}),
      ]),
    )
    await nats.restart()
    await until('there is context again', async () => {
      const answer = await here.say(gateway, `back-${Date.now()}`, `Is the dentist back? ${recall}`)
      return answer.includes('on Friday at nine') ? true : undefined
    })
  })
})
