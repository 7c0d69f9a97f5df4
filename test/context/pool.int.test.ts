import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {storeLocation} from '../../src/lib/config/store-settings.ts'
import {type ContextPool, createContextPool} from '../../src/lib/wiring/context-pool.ts'
import type {OpenContext} from '../../src/lib/wiring/open-context.ts'
import {openStore} from '../../src/lib/wiring/open-store.ts'
import {day, said} from './events.ts'

let stateDir = ''
let pool: ContextPool
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'claw-context-pool-'))
  pool = createContextPool(storeLocation({}, {stateDir}), {stateDir})
})
afterEach(async () => {
  await pool.close()
  rmSync(stateDir, {recursive: true, force: true})
})

async function append(...ids: string[]): Promise<void> {
  const store = await openStore(storeLocation({}, {stateDir}), {whenMissing: 'create'})
  await store.append(ids.map((id) => said(`bread ${id}`, {id, ago: day})))
  await store.close()
}

const passages = ({index}: OpenContext) => index.read('main', (view) => view.passages)

describe('contexts that stay open', () => {
  it('are opened once for all who ask at the same time, for every agent of the embedded log', async () => {
    await append('a')
    const given = await Promise.all(['main', 'main', 'other'].map((agentId) => pool.fresh(agentId)))
    expect(new Set(given).size).toBe(1)
    expect(passages(given[0]!)).toBe(1)
  })

  it('hold what the log held when they were asked for, also when another asked before', async () => {
    await append('a')
    await pool.fresh('main')
    const before = pool.fresh('main')
    await append('b', 'c')
    const [, after] = await Promise.all([before, pool.fresh('main')])
    expect(passages(after)).toBe(3)
  })

  it('are made with the log that is not there yet', async () => {
    expect(passages(await pool.fresh('main'))).toBe(0)
    await append('a')
    expect(passages(await pool.fresh('main'))).toBe(1)
  })

  it('are opened anew after they were closed', async () => {
    await append('a')
    const first = await pool.fresh('main')
    await pool.close()
    const second = await pool.fresh('main')
    expect(second).not.toBe(first)
    expect(passages(second)).toBe(1)
  })

  it('are closed in the middle of being brought up to date', async () => {
    await append('a')
    await pool.fresh('main')
    const blocker = new DatabaseSync(path.join(stateDir, 'claw-events', 'events.db'))
    blocker.exec('BEGIN IMMEDIATE; UPDATE log SET pruned_seq = pruned_seq')
    const waiting = pool.fresh('main')
    const behind = pool.fresh('main')
    const outcome = Promise.allSettled([waiting, behind])
    const closing = pool.close()
    blocker.exec('ROLLBACK')
    blocker.close()
    await closing
    await outcome
    expect(passages(await pool.fresh('main'))).toBe(1)
  })

  it('say why the last attempt failed until one does not', async () => {
    const broken = createContextPool(storeLocation({url: 'nats://127.0.0.1:1'}, {stateDir}), {stateDir})
    await expect(broken.fresh('main')).rejects.toMatchObject({code: 'STORE_UNREACHABLE'})
    expect(broken.failure('main')).toContain('127.0.0.1:1')
    expect(broken.failure('other')).toBeUndefined()
    await broken.close()
    await pool.fresh('main')
    expect(pool.failure('main')).toBeUndefined()
  })
})
