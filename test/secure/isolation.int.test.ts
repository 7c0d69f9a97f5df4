import {readFileSync} from 'node:fs'
import path from 'node:path'
import {connect, type NatsConnection, PermissionViolationError} from '@nats-io/transport-node'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {everything} from '../../src/lib/filter/filter.ts'
import type {Anchor} from '../../src/lib/store/anchor.ts'
import {openNatsAdmin} from '../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../src/lib/store/nats/store.ts'
import {parseTarget} from '../../src/lib/store/nats/target.ts'
import {event, eventsUpTo, idsOf} from '../contracts/event-store/events.ts'
import {binaryPath, natsBinaries} from '../nats-server.ts'
import {type Secured, startSecured} from './secured.ts'

const mine = 'openclaw-events-one'
const other = 'openclaw-events-two'
const otherPrefix = 'openclaw.agents.two'

/** Every request of the JetStream API, on a stream. `C` is a consumer of it, `S` stands for its name. */
const apiRequests = [
  'INFO',
  'STREAM.NAMES',
  'STREAM.LIST',
  'STREAM.INFO.S',
  'STREAM.CREATE.S',
  'STREAM.UPDATE.S',
  'STREAM.DELETE.S',
  'STREAM.PURGE.S',
  'STREAM.SNAPSHOT.S',
  'STREAM.RESTORE.S',
  'STREAM.MSG.GET.S',
  'STREAM.MSG.DELETE.S',
  'STREAM.PEER.REMOVE.S',
  'STREAM.PEER.EVACUATE.S',
  'STREAM.CANCEL_MOVE.S',
  'STREAM.LEADER.STEPDOWN.S',
  'STREAM.TEMPLATE.CREATE.S',
  'STREAM.TEMPLATE.NAMES',
  'STREAM.TEMPLATE.LIST',
  'STREAM.TEMPLATE.INFO.S',
  'STREAM.TEMPLATE.DELETE.S',
  'DIRECT.GET.S',
  'DIRECT.GET.S.openclaw.agents.two.message.received',
  'CONSUMER.CREATE.S',
  'CONSUMER.CREATE.S.C',
  'CONSUMER.CREATE.S.C.openclaw.agents.two.message.received',
  'CONSUMER.DURABLE.CREATE.S.C',
  'CONSUMER.NAMES.S',
  'CONSUMER.LIST.S',
  'CONSUMER.INFO.S.C',
  'CONSUMER.DELETE.S.C',
  'CONSUMER.PAUSE.S.C',
  'CONSUMER.RESET.S.C',
  'CONSUMER.UNPIN.S.C',
  'CONSUMER.MSG.NEXT.S.C',
  'CONSUMER.LEADER.STEPDOWN.S.C',
  'CONSUMER.PEER.REMOVE.S.C',
  'CONSUMER.PEER.EVACUATE.S.C',
  'META.LEADER.STEPDOWN',
  'META.RESCUE',
  'SERVER.REMOVE',
  'SERVER.EVACUATE',
  'SERVER.STREAM.MOVE.A.S',
  'SERVER.STREAM.CANCEL_MOVE.A.S',
  'ACCOUNT.PURGE.A',
  'ACCOUNT.STREAM.MOVE.A.S',
  'ACCOUNT.STREAM.CANCEL_MOVE.A.S',
]

/** What JetStream answers to, or is told by, beside its API. */
const direct = [
  `${otherPrefix}.message.received`,
  `${otherPrefix}.log.erased`,
  'openclaw.events.main.message.received',
  `claw-events-locks.${other}.migrate`,
  `$JS.ACK.${other}.C.1.1.1.1.1`,
  `$JS.FC.${other}.C.1`,
  `$JS.SNAPSHOT.ACK.${other}.1`,
  `$JS.SNAPSHOT.RESTORE.${other}.1`,
  `$JS.M.1`,
  `$JSC.R.1`,
  `$JSC.CI.${other}`,
  '$SYS.REQ.SERVER.PING',
  '$SYS.REQ.ACCOUNT.LOG-two.JSZ',
  '$SYS.REQ.ACCOUNT.PING.CONNZ',
  `$KV.${other}.x`,
  `$O.${other}.C.x`,
  '_INBOX.agent-two.x',
  '_R_.x',
  '_GR_.x',
]

/** Where somebody who listens would hear of what another agent does. */
const heard = [
  '>',
  '*',
  '*.>',
  `${otherPrefix}.>`,
  'openclaw.>',
  '$JS.>',
  '$JS.API.>',
  '$JS.ACK.>',
  '$JS.EVENT.ADVISORY.>',
  '$JS.EVENT.METRIC.>',
  '$SYS.>',
  '$JSC.>',
  '_INBOX.>',
  '_INBOX.*',
  '_INBOX.agent-two.>',
  '_INBOX.gateway.>',
  '_R_.>',
  'claw.api.>',
  `claw-events-locks.${other}.>`,
]

const prefixes = ['$JS.API', 'claw.api', '$JS.hub.API']

const named = (request: string, stream: string) => request.replace(/\.S(?=\.|$)/, `.${stream}`)

async function connectAs(url: string): Promise<NatsConnection> {
  const {servers, user, password, inbox} = parseTarget({url})
  return connect({servers, user, pass: password, inboxPrefix: inbox, noAsyncTraces: true})
}

/** Whether the server says that this user may not ask there; what it answers, if it does. */
async function ask(nc: NatsConnection, subject: string, payload: unknown = {}): Promise<string> {
  try {
    const reply = await nc.request(subject, JSON.stringify(payload), {timeout: 2000})
    return `answered: ${reply.string()}`
  } catch (thrown) {
    const cause = thrown instanceof Error && 'cause' in thrown ? thrown.cause : thrown
    return cause instanceof PermissionViolationError ? 'refused' : String(thrown)
  }
}

async function listen(nc: NatsConnection, subject: string): Promise<string> {
  const {promise, resolve} = Promise.withResolvers<string>()
  const sub = nc.subscribe(subject, {
    callback: (error) => resolve(error instanceof PermissionViolationError ? 'refused' : String(error ?? 'heard')),
  })
  await nc.flush()
  const said = await Promise.race([promise, new Promise<string>((done) => setTimeout(done, 300, 'allowed'))])
  if (!sub.isClosed()) sub.unsubscribe()
  return said
}

describe.each(natsBinaries)('agents on a secured nats-server %s', (binary) => {
  let secured: Secured
  let agent: NatsConnection
  let reader: NatsConnection
  let anchor: Anchor

  beforeAll(async () => {
    secured = await startSecured(binary)
    for (const more of ['', '&agent=one', '&agent=two']) {
      const admin = await openNatsAdmin({url: secured.url('admin', more)})
      await admin.apply({})
      await admin.close()
    }
    for (const login of ['agent-one', 'agent-two']) {
      const store = await openNatsStore({url: secured.url(login)})
      await store.append(eventsUpTo(50))
      await store.close()
    }
    const admin = await openNatsAdmin({url: secured.url('admin', '&agent=two')})
    anchor = await admin.anchor()
    await admin.close()
    agent = await connectAs(secured.url('agent-one'))
    reader = await connectAs(secured.url('reader-one'))
  })
  afterAll(async () => {
    await agent.close()
    await reader.close()
    await secured.stop()
  })

  /** Nothing of the other agent's log was touched by what was tried. */
  async function expectUntouched(): Promise<void> {
    const url = secured.url('agent-two')
    const store = await openNatsStore({url})
    expect((await store.describe()).events).toBe(50)
    expect(await idsOf(store.read(everything))).toHaveLength(50)
    await store.close()
    const admin = await openNatsAdmin({url})
    expect(await admin.verify({anchor})).toMatchObject({ok: true, chained: true, events: 50, faults: []})
    await (await admin.lock('test')).release()
    await admin.close()
  }

  it('are refused every request of the JetStream API on the stream of another one', async () => {
    const tried = prefixes.flatMap((prefix) => apiRequests.map((request) => `${prefix}.${named(request, other)}`))
    expect(tried.length).toBeGreaterThan(110)
    for (const subject of tried) expect([subject, await ask(agent, subject)]).toEqual([subject, 'refused'])
    await expectUntouched()
  })

  it('are refused everything else that JetStream answers to, and all that would change their own log', async () => {
    for (const subject of direct) expect([subject, await ask(agent, subject)]).toEqual([subject, 'refused'])
    const own = /^(STREAM\.(INFO|MSG\.GET)|CONSUMER\.(CREATE|INFO|DELETE|MSG\.NEXT))\.S/
    for (const request of apiRequests.filter((one) => !own.test(one))) {
      const subject = `claw.api.${named(request, mine)}`
      expect([subject, await ask(agent, subject)]).toEqual([subject, 'refused'])
    }
    for (const request of apiRequests) {
      const subject = `$JS.API.${named(request, mine)}`
      expect([subject, await ask(agent, subject)]).toEqual([subject, 'refused'])
    }
    const copy = {name: `${mine}-locks`, sources: [{name: other}], mirror: {name: other}}
    for (const verb of ['CREATE', 'UPDATE']) {
      for (const stream of [mine, `${mine}-locks`, 'new']) {
        expect(await ask(agent, `claw.api.STREAM.${verb}.${stream}`, copy)).toBe('refused')
      }
    }
    await expectUntouched()
  })

  it('hear nothing but the replies to themselves', async () => {
    for (const subject of heard) expect([subject, await listen(agent, subject)]).toEqual([subject, 'refused'])
    for (const subject of heard) expect([subject, await listen(reader, subject)]).toEqual([subject, 'refused'])
    expect(await listen(agent, '_INBOX.agent-one.x')).toBe('allowed')
  })

  const consumer = {ack_policy: 'none', deliver_policy: 'all', inactive_threshold: 60e9, mem_storage: true}

  /** Has the server answer, acknowledge and deliver to subjects that one may not ask on. */
  async function deliverTo(nc: NatsConnection, stream: string, targets: readonly string[]): Promise<void> {
    const create = `claw.api.CONSUMER.CREATE.${stream}`
    for (const [index, deliver] of targets.entries()) {
      const config = {...consumer, name: `pushed-${index}`, deliver_subject: deliver}
      expect(await ask(nc, `${create}.pushed-${index}`, {stream_name: stream, config})).toMatch(/^answered/)
    }
    const body = {stream_name: stream, config: {...consumer, name: 'pulled'}}
    expect(await ask(nc, `${create}.pulled`, body)).toMatch(/"created"/)
    for (const reply of targets) {
      nc.publish(`claw.api.CONSUMER.MSG.NEXT.${stream}.pulled`, '{"batch": 9, "expires": 100000000}', {reply})
      nc.publish(`claw.api.STREAM.INFO.${stream}`, '', {reply})
      nc.publish(`claw.api.STREAM.MSG.GET.${stream}`, '{"seq": 1}', {reply})
      nc.publish(`claw.api.CONSUMER.INFO.${stream}.pulled`, '', {reply})
    }
    await nc.flush()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }

  const hostile = (stream: string, prefix: string, user: string) => [
    `${prefix}.forged`,
    `claw-events-locks.${stream}.test`,
    `_INBOX.${user}.x`,
    ...['STREAM.PURGE', 'STREAM.DELETE', 'STREAM.MSG.DELETE', 'STREAM.UPDATE', 'STREAM.CREATE'].flatMap((verb) => [
      `$JS.API.${verb}.${stream}`,
      `claw.api.${verb}.${stream}`,
    ]),
  ]

  it('reach no other stream by what they may do with their own', async () => {
    const create = (name: string, stream: string, config: object = {}) =>
      ask(agent, `claw.api.CONSUMER.CREATE.${mine}.${name}`, {
        stream_name: stream,
        config: {...consumer, name, ...config},
      })
    expect(await create('c1', other)).toMatch(/"error"/)
    expect(await create('c2', mine, {filter_subject: `${otherPrefix}.>`})).toMatch(/"num_pending":0|"error"/)
    for (const reply of hostile(other, otherPrefix, 'agent-two')) {
      agent.publish('openclaw.agents.one.x', JSON.stringify(event(`forged ${reply}`, {agentId: 'two'})), {reply})
    }
    await deliverTo(agent, mine, hostile(other, otherPrefix, 'agent-two'))
    await expectUntouched()
  })

  it('cannot make their own log forget: what was stored stays', async () => {
    const url = secured.url('agent-one')
    const store = await openNatsStore({url})
    const before = await idsOf(store.read(everything))
    expect(before.length).toBeGreaterThanOrEqual(50)
    const targets = hostile(mine, 'openclaw.agents.one', 'agent-one')
    for (const reply of targets) {
      // An acknowledgement has a field that a purge takes for the sequence up to which it goes.
      agent.publish('openclaw.agents.one.x', JSON.stringify({seq: 40, keep: 0, name: mine, max_msgs: 1}), {reply})
    }
    await deliverTo(agent, mine, targets)
    expect((await idsOf(store.read(everything))).slice(0, before.length)).toEqual(before)
    await store.close()
    const admin = await openNatsAdmin({url})
    expect(await admin.verify()).toMatchObject({ok: true})
    await (await admin.lock('test')).release()
    await admin.close()
  })

  it('who may read another log may do nothing else with it', async () => {
    const read = /^(STREAM\.(INFO|MSG\.GET)|CONSUMER\.(CREATE|INFO|DELETE|MSG\.NEXT))\.S/
    for (const request of apiRequests.filter((one) => !read.test(one))) {
      for (const prefix of prefixes) {
        const subject = `${prefix}.${named(request, other)}`
        expect([subject, await ask(reader, subject)]).toEqual([subject, 'refused'])
      }
    }
    for (const subject of direct) expect([subject, await ask(reader, subject)]).toEqual([subject, 'refused'])
    for (const request of apiRequests) {
      const subject = `claw.api.${named(request, mine)}`
      expect([subject, await ask(reader, subject)]).toEqual([subject, 'refused'])
    }
    await expectUntouched()
  })

  it('who may read another log writes nothing into it, wherever the server is told to deliver', async () => {
    await deliverTo(reader, other, hostile(other, otherPrefix, 'agent-two'))
    await expectUntouched()
  })

  it('append through a restart of the server, every event once', async () => {
    const store = await openNatsStore({url: secured.url('agent-one')})
    const events = eventsUpTo(3000, () => ({type: 'note.added'})).map((one) => ({
      ...one,
      eventId: `restart ${one.eventId}`,
    }))
    const appending = store.append(events)
    await expect.poll(async () => (await store.describe()).events, {interval: 1, timeout: 10_000}).toBeGreaterThan(200)
    await secured.server.kill9()
    await secured.server.restart()
    await appending
    expect(await idsOf(store.read({types: ['note.added']}))).toEqual(events.map(({eventId}) => eventId))
    await store.close()
    const admin = await openNatsAdmin({url: secured.url('agent-one')})
    expect(await admin.verify()).toMatchObject({ok: true})
    await admin.close()
  })

  it('nobody comes in without a login, and passwords are not in the configuration', async () => {
    const anonymous = connect({servers: `127.0.0.1:${secured.server.port}`, maxReconnectAttempts: 0})
    await expect(anonymous).rejects.toThrow(/authorization/i)
    const config = readFileSync(path.join(secured.server.folder, 'accounts.conf'), 'utf8')
    for (const login of ['admin', 'gateway', 'agent-one', 'agent-two', 'reader-one', 'reader-auditor']) {
      expect(config).not.toContain(parseTarget({url: secured.url(login)}).password)
    }
  })

  it('what was tried is all that this server knows', () => {
    const program = readFileSync(binaryPath(binary), 'latin1')
    const tried = apiRequests.map((request) => `$JS.API.${request.split(/\.(?=[SA](?:\.|$))/)[0]}`)
    const untried = new Set<string>()
    // In a Go program texts stand one behind the other, so the end of what is found may be another's beginning.
    for (const [found] of program.matchAll(/\$JS\.API\.[A-Z][A-Z_.]+/g)) {
      if (!tried.some((request) => found.startsWith(request) || `${request}.`.startsWith(found))) untried.add(found)
    }
    expect([...untried]).toEqual([])
  })
})
