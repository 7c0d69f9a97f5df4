import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import fc from 'fast-check'
import {afterEach, describe, expect, it} from 'vitest'
import {openSqliteState} from '../../src/lib/store/sqlite/state/store.ts'
import type {Delivery, ReaderStep, StateStore} from '../../src/lib/store/state-port.ts'
import {event} from '../contracts/event-store/events.ts'
import {tempFolder} from './sqlite/temp-log.ts'

const opened: StateStore[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const state of opened.splice(0)) await state.close()
})

let clock = 1_800_000_000_000

async function open(folder = path.join(tempFolder(), 'claw-events'), busyMs = 100): Promise<StateStore> {
  const state = await openSqliteState(folder, {now: () => clock, busyMs})
  opened.push(state)
  return state
}

function delivery(eventId: string, fields: Partial<Delivery> = {}): Omit<Delivery, 'reader'> {
  const {reader: _, ...given} = {reader: '', ...fields}
  return {
    eventId,
    position: '0000000000000001',
    state: 'waiting',
    attempts: 1,
    nextAt: 100,
    addedAt: 50,
    lastError: 'answered with status 500',
    event: event(eventId),
    ...given,
  }
}

const eventIds = (deliveries: readonly Delivery[]) => deliveries.map(({eventId}) => eventId)

describe('what readers of the log remember', () => {
  it('keeps a cursor with its details, per reader, in a file that only its owner may read', async () => {
    const folder = path.join(tempFolder(), 'claw-events')
    const state = await open(folder)
    expect(await state.cursor('webhook:a')).toBeUndefined()
    const details = {disabled: {since: '2026-11-20T21:00:00.000Z', reason: 'status 410 – “gone”'}, n: 1}
    await state.commit({reader: 'webhook:a', cursor: {log: 'sqlite:/a events', position: '0000000000000007', details}})
    await state.commit({reader: 'bridge', cursor: {log: 'sqlite:/a events', position: ''}})
    const a = {reader: 'webhook:a', log: 'sqlite:/a events', position: '0000000000000007', savedAt: clock, details}
    expect(await state.cursor('webhook:a')).toEqual(a)
    clock += 5
    await state.commit({reader: 'bridge', cursor: {log: 'sqlite:/b events', position: '9'}})
    const bridge = {reader: 'bridge', log: 'sqlite:/b events', position: '9', savedAt: clock}
    expect(await state.cursors()).toEqual([bridge, a])
    expect(await (await open(folder)).cursors()).toEqual([bridge, a])
    const rightsOf = (file: string) => statSync(path.join(folder, file)).mode & 0o777
    expect([rightsOf('.'), rightsOf('state.db'), rightsOf('state.db-wal')]).toEqual([0o700, 0o600, 0o600])
  })

  it('changes cursor and deliveries in one commit, or neither', async () => {
    const state = await open()
    const step = {reader: 'r', cursor: {log: 'l', position: '2'}, put: [delivery('a'), delivery('b')], remove: ['x']}
    await state.commit(step)
    expect(eventIds(await state.deliveries({reader: 'r'}))).toEqual(['a', 'b'])
    const broken = {...delivery('c'), attempts: undefined as unknown as number}
    const failing = state.commit({reader: 'r', cursor: {log: 'l', position: '3'}, put: [broken], remove: ['a']})
    await expect(failing).rejects.toMatchObject({code: 'STORE_FAILED', message: expect.stringContaining('state.db')})
    expect(eventIds(await state.deliveries({reader: 'r'}))).toEqual(['a', 'b'])
    expect(await state.cursor('r')).toMatchObject({position: '2'})
    await state.commit({reader: 'r', put: [delivery('b', {attempts: 2, lastError: 'timed out'})], remove: ['a']})
    expect(await state.deliveries({})).toEqual([{reader: 'r', ...delivery('b', {attempts: 2, lastError: 'timed out'})}])
    expect(await state.cursor('r')).toMatchObject({position: '2'})
  })

  it('finds deliveries by reader, state and time, the first due first', async () => {
    const state = await open()
    const put = [
      delivery('late', {nextAt: 300}),
      delivery('second', {nextAt: 200, position: '2'}),
      delivery('first', {nextAt: 200, position: '1'}),
      delivery('gone', {nextAt: 10, state: 'dead'}),
    ]
    await state.commit({reader: 'r', put})
    await state.commit({reader: 'other', put: [delivery('theirs', {nextAt: 1})]})
    const found = async (query: Parameters<StateStore['deliveries']>[0]) => eventIds(await state.deliveries(query))
    expect(await found({})).toEqual(['theirs', 'gone', 'first', 'second', 'late'])
    expect(await found({reader: 'r'})).toEqual(['gone', 'first', 'second', 'late'])
    expect(await found({reader: 'r', state: 'waiting'})).toEqual(['first', 'second', 'late'])
    expect(await found({reader: 'r', state: 'waiting', dueBy: 200})).toEqual(['first', 'second'])
    expect(await found({state: 'dead'})).toEqual(['gone'])
    expect(await found({reader: 'r', limit: 2})).toEqual(['gone', 'first'])
    expect(await found({dueBy: 0})).toEqual([])
    expect(await state.countDeliveries('r')).toEqual({waiting: 3, dead: 1})
    expect(await state.countDeliveries('nobody')).toEqual({waiting: 0, dead: 0})
  })

  it('makes dead deliveries due again, all or some, and forgets a reader', async () => {
    const state = await open()
    const dead = (id: string) => delivery(id, {state: 'dead', attempts: 5})
    await state.commit({
      reader: 'r',
      cursor: {log: 'l', position: '1'},
      put: [dead('a'), dead('b'), dead('c'), delivery('w')],
    })
    await state.commit({reader: 'other', put: [dead('a')]})
    expect(await state.retryDead('r', ['a', 'w', 'nothing'])).toBe(1)
    expect(await state.deliveries({reader: 'r', state: 'waiting'})).toEqual([
      {reader: 'r', ...delivery('w')},
      {reader: 'r', ...delivery('a', {attempts: 0, nextAt: clock})},
    ])
    expect(await state.retryDead('r')).toBe(2)
    expect(await state.retryDead('r')).toBe(0)
    expect(await state.countDeliveries('other')).toEqual({waiting: 0, dead: 1})
    await state.removeReader('r')
    expect([await state.cursor('r'), await state.deliveries({reader: 'r'})]).toEqual([undefined, []])
    expect(await state.countDeliveries('other')).toEqual({waiting: 0, dead: 1})
  })

  it('gives all deliveries out in pages, whatever their number', async () => {
    const state = await open()
    const put = Array.from({length: 250}, (_, n) => delivery(`e-${String(n).padStart(3, '0')}`, {nextAt: 1000 - n}))
    await state.commit({reader: 'r', put})
    const all = await Array.fromAsync(state.everyDelivery({reader: 'r'}))
    expect(eventIds(all)).toEqual(put.map(({eventId}) => eventId))
  })

  it('uses its index to find what is due', async () => {
    const folder = tempFolder()
    await open(folder)
    const db = new DatabaseSync(path.join(folder, 'state.db'))
    const query =
      'SELECT * FROM deliveries WHERE reader = ? AND state = ? AND next_at <= ? ORDER BY next_at, position LIMIT ?'
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all('r', 'waiting', 1, 1)
    db.close()
    expect(plan.map(({detail}) => detail).join()).toContain(
      'USING INDEX deliveries_due (reader=? AND state=? AND next_at<?)',
    )
  })

  it('keeps what a plain model keeps, whatever is done in whatever order', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd')
    const put = fc.record({eventId: id, nextAt: fc.nat(9), isDead: fc.boolean()})
    const step = fc.record({
      reader: fc.constantFrom('x', 'y'),
      position: fc.option(fc.stringMatching(/^\d{4}$/), {nil: undefined}),
      put: fc.array(put, {maxLength: 4}),
      remove: fc.array(id, {maxLength: 2}),
      retry: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, {maxLength: 15}), async (steps) => {
        const state = await open()
        const model = new Map<string, Omit<Delivery, 'reader'>>()
        const cursors = new Map<string, string>()
        for (const {reader, position, put: puts, remove, retry} of steps) {
          const made = puts.map(({eventId, nextAt, isDead}) =>
            delivery(eventId, {nextAt, state: isDead ? 'dead' : 'waiting'}),
          )
          const whole: ReaderStep = {
            reader,
            put: made,
            remove,
            ...(position !== undefined && {cursor: {log: 'l', position}}),
          }
          await state.commit(whole)
          for (const eventId of remove) model.delete(`${reader} ${eventId}`)
          for (const one of made) model.set(`${reader} ${one.eventId}`, one)
          if (position !== undefined) cursors.set(reader, position)
          if (!retry) continue
          const dead = [...model].filter(([key, one]) => key.startsWith(`${reader} `) && one.state === 'dead')
          expect(await state.retryDead(reader)).toBe(dead.length)
          for (const [key, one] of dead) model.set(key, {...one, state: 'waiting', attempts: 0, nextAt: clock})
        }
        for (const reader of ['x', 'y']) {
          const expected = [...model]
            .filter(([key]) => key.startsWith(`${reader} `))
            .map(([, one]) => ({reader, ...one}))
          const found = await state.deliveries({reader})
          const byId = (a: Delivery, b: Delivery) => (a.eventId < b.eventId ? -1 : 1)
          expect(found.toSorted(byId)).toEqual(expected.toSorted(byId))
          expect((await state.cursor(reader))?.position).toBe(cursors.get(reader))
        }
        await state.close()
      }),
      {numRuns: 40},
    )
  })

  it('serves two processes at once, and waits for a lock without stopping the event loop', async () => {
    const folder = tempFolder()
    const [one, other] = [await open(folder, 5000), await open(folder, 5000)]
    const steps = Array.from({length: 50}, (_, n) => [
      one.commit({reader: 'r', put: [delivery(`one-${n}`)]}),
      other.commit({reader: 'r', put: [delivery(`other-${n}`)]}),
    ])
    await Promise.all(steps.flat())
    expect(await one.countDeliveries('r')).toEqual({waiting: 100, dead: 0})
    const db = new DatabaseSync(path.join(folder, 'state.db'))
    db.exec('BEGIN IMMEDIATE')
    const waiting = one.commit({reader: 'r', cursor: {log: 'l', position: '1'}})
    let turns = 0
    for (; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 1))
    db.exec('ROLLBACK')
    await waiting
    expect(turns).toBe(20)
    db.exec('BEGIN IMMEDIATE')
    const impatient = await open(folder, 20)
    await expect(impatient.commit({reader: 'r', cursor: {log: 'l', position: '2'}})).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringMatching(/^the state file .*state\.db is kept locked by another program/),
    })
    db.close()
  })

  it('goes on with a new file when its own is removed or replaced', async () => {
    const folder = tempFolder()
    const state = await open(folder)
    await state.commit({reader: 'r', cursor: {log: 'l', position: '1'}})
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm']) rmSync(path.join(folder, name))
    await state.commit({reader: 'other', cursor: {log: 'l', position: '2'}})
    const another = await open(folder)
    expect((await another.cursors()).map(({reader}) => reader)).toEqual(['other'])
    rmSync(folder, {recursive: true})
    expect(await state.cursors()).toEqual([])
    await state.commit({reader: 'r', cursor: {log: 'l', position: '3'}})
    expect(await another.cursor('r')).toMatchObject({position: '3'})
  })

  it('says what is wrong with a file that it cannot use', async () => {
    const folder = tempFolder()
    const file = path.join(folder, 'state.db')
    writeFileSync(file, 'this is no database, whatever its name says'.repeat(100))
    await expect(open(folder)).rejects.toMatchObject({code: 'STORE_CORRUPT', message: expect.stringContaining(file)})
    expect(readFileSync(file, 'utf8')).toContain('no database')
    rmSync(file)
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99')
    db.close()
    await expect(open(folder)).rejects.toMatchObject({code: 'STORE_CONFLICT', message: expect.stringContaining('99')})
  })

  it('refuses calls after it was closed', async () => {
    const state = await open()
    await state.close()
    await state.close()
    await expect(state.cursors()).rejects.toMatchObject({code: 'STORE_CLOSED'})
    await expect(state.commit({reader: 'r'})).rejects.toMatchObject({code: 'STORE_CLOSED'})
  })

  it('changes nothing on a full disk, goes on when there is room, and gives out the lease all the same', () => {
    const disk = tempFolder()
    const child = path.join(import.meta.dirname, 'state-full-child.ts')
    const script = `set -e; mount -t tmpfs -o size=2m tmpfs '${disk}'; '${process.execPath}' '${child}' '${disk}'`
    const {stdout, stderr} = spawnSync('unshare', ['--map-root-user', '--mount', 'bash', '-c', script], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      failure: {code: 'STORE_FULL', message: expect.stringContaining('no space is left')},
      cursorWhenFull: '1',
      isOwned: true,
      cursorAfter: '2',
      deliveriesAfter: {waiting: 1, dead: 0},
    })
  })
})

describe('the lease of a state directory', () => {
  async function startOwner(folder: string, role: string): Promise<{child: ChildProcess; said: string}> {
    const script = path.join(import.meta.dirname, 'lease-child.ts')
    const child = spawn(process.execPath, [script, folder, role], {stdio: ['pipe', 'pipe', 'inherit']})
    children.push(child)
    const [said] = await once(child.stdout!, 'data')
    return {child, said: String(said).trim()}
  }

  it('has one holder: neither another process nor another part of this one gets it', async () => {
    const folder = tempFolder()
    const [one, other] = [await open(folder), await open(folder)]
    expect(await one.owner()).toBeUndefined()
    const lease = await one.tryOwn('gateway')
    expect(lease?.isHeld()).toBe(true)
    expect(await one.tryOwn('again')).toBeUndefined()
    expect(await other.tryOwn('serve')).toBeUndefined()
    expect((await startOwner(folder, 'agent')).said).toBe('not owned')
    const {owner} = {owner: await other.owner()}
    expect(owner).toMatchObject({pid: process.pid, role: 'gateway', since: clock})
    await lease!.release()
    expect(lease!.isHeld()).toBe(false)
    await lease!.release()
    expect(await other.owner()).toBeUndefined()
    const next = await other.tryOwn('serve')
    expect(next?.isHeld()).toBe(true)
    expect(await one.owner()).toMatchObject({role: 'serve'})
    await next!.release()
    expect(statSync(path.join(folder, 'owner.lock')).mode & 0o777).toBe(0o600)
  })

  it('is free at once when its holder is killed', async () => {
    const folder = tempFolder()
    const state = await open(folder)
    const {child, said} = await startOwner(folder, 'gateway')
    expect(said).toBe('owned')
    expect(await state.tryOwn('serve')).toBeUndefined()
    expect(await state.owner()).toMatchObject({pid: child.pid, role: 'gateway'})
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await state.owner()).toBeUndefined()
    const lease = await state.tryOwn('serve')
    expect(lease?.isHeld()).toBe(true)
    await lease!.release()
  })

  it('is free when its holder stops, and not because that holder is stopped by a signal', async () => {
    const folder = tempFolder()
    const state = await open(folder)
    const {child} = await startOwner(folder, 'gateway')
    child.kill('SIGSTOP')
    // However long it is silent: it would go on delivering.
    expect(await state.tryOwn('serve')).toBeUndefined()
    child.kill('SIGCONT')
    child.stdin!.end()
    await once(child, 'exit')
    const lease = await state.tryOwn('serve')
    expect(lease?.isHeld()).toBe(true)
    await lease!.release()
  })

  it('takes no number of a live process for a holder', async () => {
    const folder = tempFolder()
    const state = await open(folder)
    const first = await state.tryOwn('gateway')
    await first!.release()
    // As a holder leaves it behind whose number has been given to another process since.
    const db = new DatabaseSync(path.join(folder, 'state.db'))
    db.prepare('UPDATE owner SET pid = ?').run(process.ppid)
    db.close()
    expect(await state.owner()).toBeUndefined()
    const lease = await state.tryOwn('serve')
    expect(lease?.isHeld()).toBe(true)
    await lease!.release()
  })

  it('is lost when its file is removed or replaced, and can then be had anew', async () => {
    const folder = tempFolder()
    const file = path.join(folder, 'owner.lock')
    const [one, other] = [await open(folder), await open(folder)]
    const first = await one.tryOwn('gateway')
    rmSync(file)
    expect(first!.isHeld()).toBe(false)
    const second = await other.tryOwn('serve')
    expect([first!.isHeld(), second!.isHeld()]).toEqual([false, true])
    await first!.release()
    expect(second!.isHeld()).toBe(true)
    expect(await one.tryOwn('gateway')).toBeUndefined()
    writeFileSync(`${file}.new`, '')
    chmodSync(`${file}.new`, 0o600)
    renameSync(`${file}.new`, file)
    expect(second!.isHeld()).toBe(false)
    await second!.release()
    expect(existsSync(file)).toBe(true)
  })
})
