import {hash} from 'node:crypto'
import {existsSync} from 'node:fs'
import {createServer} from 'node:net'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import type {StoredEvent} from '../../src/lib/event/envelope.ts'
import {openAdmin} from '../../src/lib/wiring/open-store.ts'
import {showContext} from '../../src/lib/wiring/show-context.ts'
import type {Fields} from '../../src/plugin/host-api.ts'
import {startNats} from '../nats-server.ts'
import {type FakeHost, fakeHost, type Registration} from './fake-host.ts'

const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, {timeout: 10_000, interval: 10})
const quiet = {security: {ws: {enabled: false}}, status: {ticker: false}}
const allowed = {hooks: {allowConversationAccess: true}}

function hostWith(context: Fields, more: Fields = {}, agents?: Fields): FakeHost {
  return fakeHost({...quiet, context: {deadlineMs: 5000, ...context}, ...more}, {...allowed, agents})
}

interface Place {
  agentId?: string
  session?: string
}

const ctxOf = ({agentId = 'main', session = 's1'}: Place) => ({
  agentId,
  sessionKey: `agent:${agentId}:chat`,
  sessionId: session,
  runId: `run-${session}`,
})

/** Somebody says something, as the host writes it to the transcript. */
async function say(host: FakeHost, {call}: Registration, text: string, place: Place = {}): Promise<StoredEvent> {
  const message = {role: 'user', content: text, timestamp: Date.now(), idempotencyKey: `${text}:user`}
  await call('before_message_write', {message}, ctxOf(place))
  return until(async () => {
    // The beginning may be redacted.
    const event = (await host.events()).find(({data}) => String(data['text']).endsWith(text.slice(-20)))
    expect(event).toBeDefined()
    return event as StoredEvent
  })
}

/** What the host is told to add to the system prompt of a turn. */
async function contextOf({call}: Registration, prompt: string, place: Place & {turn?: Fields} = {}): Promise<string> {
  const answer = await call(
    'before_prompt_build',
    {prompt, messages: [], ...place.turn},
    {
      ...ctxOf({session: 's2', ...place}),
      trigger: 'user',
      ...place.turn,
    },
  )
  return String(answer?.['appendSystemContext'] ?? '')
}

async function recorded(host: FakeHost, type: string, count = 1): Promise<StoredEvent[]> {
  return until(async () => {
    const events = (await host.events()).filter((event) => event.type === type)
    expect(events).toHaveLength(count)
    return events
  })
}

describe('plugin: context', () => {
  it('adds to the system prompt what was said in another session, and records what it was', async () => {
    const host = hostWith({enabled: true})
    const full = await host.register()
    const {eventId} = await say(host, full, 'The dentist is on Friday')
    const text = await contextOf(full, 'When is the dentist?')
    expect(text).toMatch(/^<claw-events-context>\n[\s\S]*\] The dentist is on Friday\n<\/claw-events-context>$/)
    const [event] = await recorded(host, 'context.injected')
    expect(event).toMatchObject({
      agentId: 'main',
      sessionId: 's2',
      sessionKey: 'agent:main:chat',
      runId: 'run-s2',
      data: {eventIds: [eventId], budget: 2000, sha256: hash('sha256', text)},
    })
    const shown = await showContext({state: host.stateDir, env: {}}, {agentId: 'main', injection: event!.eventId})
    expect(shown.document).toMatchObject({text, injection: {isSame: true, missing: []}})
  })

  it('gives the same bytes again where the log is redacted at rest', async () => {
    const host = hostWith({enabled: true}, {redaction: {enabled: true, atRest: true, replacement: '[gone]'}})
    const full = await host.register()
    await say(host, full, 'password=correct-horse-battery is no secret any more. The dentist is on Friday')
    const text = await contextOf(full, 'dentist?')
    expect(text).toContain('The dentist is on Friday')
    expect(text).not.toMatch(/horse|gone/)
    const [event] = await recorded(host, 'context.injected')
    const shown = await showContext(
      {state: host.stateDir, env: {CLAW_EVENTS_REDACTION_REPLACEMENT: '[gone]'}},
      {agentId: 'main', injection: event!.eventId},
    )
    expect(shown.document).toMatchObject({text, injection: {isSame: true}})
  })

  it('is given to the agents that it is switched on for, each within its own budget', async () => {
    const agents = {main: {enabled: true, budget: 150}, loud: {enabled: true}}
    const host = hostWith({enabled: false, agents}, {}, {entries: {main: {}, loud: {}, mute: {}}})
    const full = await host.register()
    for (const agentId of ['main', 'loud', 'mute']) {
      for (let n = 0; n < 12; n++)
        await say(host, full, `The ${agentId} dentist moved to day ${n} because of thing ${n * 7}`, {agentId})
    }
    const [main, loud, mute] = await Promise.all(
      ['main', 'loud', 'mute'].map((agentId) => contextOf(full, 'dentist?', {agentId})),
    )
    expect(mute).toBe('')
    expect(main!.length).toBeLessThan(loud!.length)
    const events = await recorded(host, 'context.injected', 2)
    expect(events.map(({agentId, data}) => [agentId, data['budget']]).toSorted()).toEqual([
      ['loud', 2000],
      ['main', 150],
    ])
    for (const {data} of events) expect(Number(data['tokens'])).toBeLessThanOrEqual(Number(data['budget']))
    expect(main).not.toContain('loud')
    expect(loud).not.toContain('main')
  })

  it('never holds what is confidential', async () => {
    const visibility = [{text: 'dentist', visibility: 'confidential'}]
    const host = hostWith({enabled: true}, {visibility})
    const full = await host.register()
    await say(host, full, 'The dentist is on Friday')
    await say(host, full, 'The doctor is on Monday')
    expect(await contextOf(full, 'Monday or Friday?')).toMatch(/^(?!.*Friday)[\s\S]*Monday/)
  })

  it('hides what was injected where the rules hide it', async () => {
    const host = hostWith({enabled: true}, {visibility: [{types: ['context.*'], visibility: 'confidential'}]})
    const full = await host.register()
    await say(host, full, 'The dentist is on Friday')
    await contextOf(full, 'dentist?')
    expect(await recorded(host, 'context.injected')).toMatchObject([{visibility: 'confidential'}])
  })

  it('leaves out what the model has before it, and brings back what it lost', async () => {
    const host = hostWith({enabled: true})
    const full = await host.register()
    const lost = await say(host, full, 'The dentist is on Friday')
    await until(() => expect(Date.now()).toBeGreaterThan(Date.parse(lost.timestamp)))
    const kept = await say(host, full, 'The dentist lives in Porto')
    const summary = {role: 'compactionSummary', summary: 'They talked.', timestamp: Date.parse(lost.timestamp) - 1}
    const message = {role: 'user', content: kept.data['text'], timestamp: Date.parse(kept.timestamp)}
    const text = await contextOf(full, 'dentist?', {session: 's1', turn: {messages: [summary, message]}})
    expect(text).toContain('Friday')
    expect(text).not.toContain('Porto')
    const unknown = await contextOf(full, 'dentist?', {session: 's1', turn: {messages: undefined}})
    expect(unknown).toBe('')
  })

  it('does not tell the prompt of the turn to its own model', async () => {
    const host = hostWith({enabled: true})
    const full = await host.register()
    const prompt = 'When is the dentist?'
    await full.call('message_received', {from: 'Anna', content: prompt, sessionKey: 'agent:main:chat'}, {})
    await say(host, full, prompt, {session: 's2'})
    expect(await contextOf(full, `[Fri 2026-11-20 21:08 UTC] ${prompt}`)).toBe('')
  })

  it.each(['heartbeat', 'memory'])('leaves a %s turn alone', async (trigger) => {
    const host = hostWith({enabled: true})
    const full = await host.register()
    await say(host, full, 'The dentist is on Friday')
    expect(await contextOf(full, 'dentist?', {turn: {trigger}})).toBe('')
    expect(await contextOf(full, 'dentist?', {turn: {trigger: 'cron'}})).toContain('Friday')
    await recorded(host, 'context.injected')
    expect(await host.types()).not.toContain('context.skipped')
  })

  it('has nothing to say in a log that has just begun', async () => {
    const host = hostWith({enabled: true})
    expect(await contextOf(await host.register(), 'dentist?')).toBe('')
    await until(async () => expect(await host.types()).toContain('agent.before_prompt_build'))
    expect((await host.types()).filter((type) => type.startsWith('context.'))).toEqual([])
  })

  it('gets ready when the service starts, before anybody asks', async () => {
    const host = hostWith({enabled: true})
    const full = await host.register()
    await say(host, full, 'The dentist is on Friday')
    const file = path.join(host.stateDir, 'claw-events', 'events.db')
    const isIndexed = () => {
      const db = new DatabaseSync(file, {readOnly: true})
      try {
        return db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'context_state'`).get() !== undefined
      } finally {
        db.close()
      }
    }
    expect(isIndexed()).toBe(false)
    for (const {start} of full.services) await start({})
    await until(() => expect(isIndexed()).toBe(true))
  })

  it('lets a turn go on that would have to wait, says so, and is in time for the next one', async () => {
    const host = hostWith({enabled: true, deadlineMs: 150})
    const full = await host.register()
    for (const {start} of full.services) await start({})
    await say(host, full, 'The dentist is on Friday')
    // Whoever holds the log's lock keeps the index from being brought up to date.
    const blocker = new DatabaseSync(path.join(host.stateDir, 'claw-events', 'events.db'))
    blocker.exec('BEGIN IMMEDIATE')
    const begin = performance.now()
    expect(await contextOf(full, 'dentist?')).toBe('')
    expect(performance.now() - begin).toBeLessThan(1000)
    blocker.exec('ROLLBACK')
    blocker.close()
    const [event] = await recorded(host, 'context.skipped')
    expect(event).toMatchObject({agentId: 'main', runId: 'run-s2', data: {code: 'DEADLINE'}})
    expect(event!.data['reason']).toMatch(/^it was not ready within 150 ms/)
    expect(Number(event!.data['waitedMs'])).toBeGreaterThanOrEqual(149)
    expect(host.said.join('\n')).toContain('agent main goes on without its context')
    await until(async () => expect(await contextOf(full, 'dentist?')).toContain('Friday'))
    await recorded(host, 'context.injected')
  })

  it('goes on without a server that cannot be reached, and says why', async () => {
    const host = hostWith({enabled: true}, {eventStore: {url: 'nats://anna:secret@127.0.0.1:1'}})
    expect(await contextOf(await host.register(), 'dentist?')).toBe('')
    const [event] = await recorded(host, 'context.skipped')
    expect(event!.data).toMatchObject({code: 'STORE_UNREACHABLE', reason: expect.stringContaining('127.0.0.1:1')})
    expect(JSON.stringify([await host.events(), host.said])).not.toContain('secret')
  })

  it('goes on without a server that does not answer', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await until(() => expect(silent.listening).toBe(true))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const host = hostWith({enabled: true, deadlineMs: 100}, {eventStore: {url: `nats://127.0.0.1:${port}`}})
    const full = await host.register()
    for (const {start} of full.services) await start({})
    const begin = performance.now()
    expect(await contextOf(full, 'dentist?')).toBe('')
    expect(performance.now() - begin).toBeLessThan(1000)
    const [event] = await recorded(host, 'context.skipped')
    expect(event!.data).toMatchObject({code: 'DEADLINE'})
  })

  it('does not lose the context of a turn during which the configuration changes', async () => {
    const host = hostWith({enabled: true})
    const full = await host.register()
    await say(host, full, 'The dentist is on Friday')
    const asked = contextOf(full, 'dentist?')
    host.configure({...quiet, context: {enabled: true, deadlineMs: 5000}, redaction: {replacement: '[x]'}})
    const [again, ...texts] = [
      await host.register('discovery'),
      await asked,
      ...(await Promise.all([contextOf(full, 'dentist?'), contextOf(full, 'dentist?')])),
    ]
    for (const text of texts) expect(text).toContain('Friday')
    expect(await contextOf(again, 'dentist?')).toContain('Friday')
    expect((await host.types()).filter((type) => type === 'context.skipped')).toEqual([])
  })

  it('comes from the log on the server by a read model, and goes on without it when the server is gone', async () => {
    const nats = await startNats()
    onTestFinished(() => nats.stop())
    const admin = await openAdmin({kind: 'nats', url: nats.url, origin: 'test', retention: {}, agents: {}})
    await admin.apply({})
    await admin.close()
    const host = hostWith({enabled: true, deadlineMs: 2000}, {eventStore: {url: nats.url}}, {entries: {second: {}}})
    const full = await host.register()
    for (const {start} of full.services) await start({})
    await say(host, full, 'The dentist is on Friday')
    await say(host, full, 'The second dentist is on Monday', {agentId: 'second'})
    const text = await until(async () => {
      const given = await contextOf(full, 'dentist?')
      expect(given).toContain('Friday')
      return given
    })
    expect(text).not.toContain('Monday')
    expect(existsSync(path.join(host.stateDir, 'claw-events', 'context'))).toBe(true)
    const shown = await until(async () => {
      const newest = (await host.events()).findLast(({type}) => type === 'context.injected')
      const options = {state: host.stateDir, store: nats.url, env: {}}
      return showContext(options, {agentId: 'main', injection: newest?.eventId ?? ''})
    })
    expect(shown.document).toMatchObject({text, injection: {isSame: true}})

    await nats.kill9()
    const begin = performance.now()
    expect(await contextOf(full, 'dentist?', {turn: {}})).toBe('')
    expect(performance.now() - begin).toBeLessThan(6000)
    expect((await recorded(host, 'context.skipped'))[0]!.data['reason']).toMatch(/./)
    await nats.restart()
    await until(async () => expect(await contextOf(full, 'dentist?')).toContain('Friday'))
  })
})
