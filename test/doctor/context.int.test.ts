import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {Check} from '../../src/lib/doctor/check.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {runDoctor} from '../../src/lib/wiring/run-doctor.ts'

let stateDir = ''
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'claw-doctor-'))
})
afterEach(() => rmSync(stateDir, {recursive: true, force: true}))

const turn = (type: 'injected' | 'skipped', agentId: string, data: Record<string, unknown> = {}) =>
  makeEvent({type: `context.${type}`, agentId, source: 'synthetic', data})
const late = {reason: 'it was not ready within 500 ms', code: 'DEADLINE'}

async function record(...events: ReturnType<typeof turn>[]): Promise<void> {
  mkdirSync(path.join(stateDir, 'claw-events'), {recursive: true, mode: 0o700})
  const store = await openSqliteStore(path.join(stateDir, 'claw-events', 'events.db'))
  await store.append(events)
  await store.close()
}

function configure(config: object, hooks: object = {allowConversationAccess: true}): void {
  const entries = {'claw-events': {enabled: true, hooks, config}}
  writeFileSync(path.join(stateDir, 'openclaw.json'), JSON.stringify({plugins: {entries}}))
}

async function checks(wanted: RegExp): Promise<Check[]> {
  const diagnosis = await runDoctor({
    state: stateDir,
    env: {},
    nodeVersion: process.versions.node,
    isAlive: () => false,
    now: Date.now(),
    since: Date.now(),
  })
  return diagnosis.checks.filter(({id}) => wanted.test(id))
}

describe('doctor, of context', () => {
  it('tells of every agent whose newest turn went on without, and why', async () => {
    configure({context: {enabled: true}})
    const unreachable = {reason: 'cannot reach the event store at nats://…', code: 'STORE_UNREACHABLE'}
    await record(
      turn('skipped', 'main', late),
      turn('injected', 'main'),
      turn('injected', 'other'),
      turn('skipped', 'other', late),
      turn('skipped', 'third', unreachable),
    )
    expect((await checks(/^context/)).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toMatchObject([
      {id: 'context.main', ok: true},
      {
        id: 'context.other',
        ok: false,
        severity: 'warning',
        message: expect.stringContaining('not ready within 500 ms'),
        fix: expect.stringContaining('claw-events context preview'),
      },
      {id: 'context.third', ok: false, message: expect.stringContaining('cannot reach'), fix: expect.any(String)},
    ])
  })

  it('says nothing of agents that are given none any more', async () => {
    configure({context: {enabled: true, agents: {main: {enabled: false}}}})
    await record(turn('skipped', 'main', late))
    expect(await checks(/^context/)).toEqual([])
  })

  it('tells of it also when the server whose log it is cannot be reached', async () => {
    configure({context: {agents: {main: {enabled: true}}}, eventStore: {url: 'nats://127.0.0.1:1'}})
    await record(turn('skipped', 'main', late))
    expect(await checks(/^(context|store)/)).toMatchObject([
      {id: 'store.reachable', ok: false, severity: 'error'},
      {id: 'context.main', ok: false, severity: 'warning'},
    ])
  })

  it('finds a host that drops what the plugin would add', async () => {
    configure({context: {enabled: true}}, {allowConversationAccess: true, allowPromptInjection: false})
    await record(turn('injected', 'main'))
    expect(await checks(/^plugin\.injection/)).toMatchObject([{ok: false, severity: 'error'}])
    configure({}, {allowConversationAccess: true, allowPromptInjection: false})
    expect(await checks(/^plugin\.injection/)).toEqual([])
  })

  it('finds a host that keeps prompts from the plugin of one agent', async () => {
    configure({context: {agents: {main: {enabled: true}}}}, {})
    await record(turn('injected', 'main'))
    expect(await checks(/^plugin\.conversation/)).toMatchObject([{ok: false, severity: 'error'}])
  })
})
