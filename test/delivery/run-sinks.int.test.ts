import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rmSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {runSinks} from '../../src/lib/delivery/run-sinks.ts'
import type {Sink, SinkContext} from '../../src/lib/delivery/sink.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import {openSqliteState} from '../../src/lib/store/sqlite/state/store.ts'
import type {StateStore} from '../../src/lib/store/state-port.ts'
import {temporaryFolder} from './fixtures.ts'

const until = (check: () => void) => vi.waitFor(check, {timeout: 10_000, interval: 5})

interface FakeSink extends Sink {
  runs: number
  isRunning: boolean
}

/** A sink that does what `work` says until its signal aborts. */
function sinkOf(reader: string, work?: (context: SinkContext) => Promise<void>): FakeSink {
  const sink: FakeSink = {
    reader,
    runs: 0,
    isRunning: false,
    async run(context) {
      sink.runs++
      sink.isRunning = true
      try {
        await (work ?? idle)(context)
      } finally {
        sink.isRunning = false
      }
    },
    status: () => ({reader, state: 'running', delivered: 0, failed: 0, waiting: 0}),
  }
  return sink
}

function idle({signal}: SinkContext): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), {once: true}))
}

async function start(folder: string, sinks: Sink[], given: Partial<StateStore> = {}) {
  const state = await openSqliteState(folder)
  const stop = new AbortController()
  const said: string[] = []
  const say = (level: string) => (message: string) => void said.push(`${level}: ${message}`)
  const owned: boolean[] = []
  const running = runSinks({
    sinks,
    role: 'test',
    store: openMemoryStore(),
    log: 'test',
    state: {...state, ...given},
    diagnostics: {debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')},
    signal: stop.signal,
    now: Date.now,
    startAt: 'now',
    report: async () => undefined,
    onOwner: (isOwner) => owned.push(isOwner),
  })
  onTestFinished(async () => {
    stop.abort()
    await running
    await state.close()
  })
  return {
    state,
    said,
    owned,
    async stop() {
      stop.abort()
      await running
    },
  }
}

describe('the runner of sinks', () => {
  it('starts a failing sink again and again, ever later, at no cost to the others', async () => {
    const at: number[] = []
    const failing = sinkOf('failing', async () => {
      at.push(performance.now())
      if (at.length < 3) throw new Error('no connection')
    })
    const ending = sinkOf('ending', async () => undefined)
    const good = sinkOf('good')
    const {said, stop} = await start(temporaryFolder(), [failing, ending, good])
    await until(() => expect(at).toHaveLength(3))
    expect(at[1]! - at[0]!).toBeGreaterThan(450)
    expect(at[2]! - at[1]!).toBeGreaterThan(950)
    expect(ending.runs).toBeGreaterThan(1)
    expect([good.runs, good.isRunning]).toEqual([1, true])
    expect(said).toEqual([
      'error: failing failed and is started again in 500 ms: no connection',
      'error: failing failed and is started again in 1000 ms: no connection',
    ])
    await stop()
    expect(good.isRunning).toBe(false)
  })

  it('runs them in one process, and in another one within two seconds when that ends', async () => {
    const folder = temporaryFolder()
    const [first, second] = [sinkOf('first'), sinkOf('second')]
    const one = await start(folder, [first])
    await until(() => expect(first.isRunning).toBe(true))
    const other = await start(folder, [second])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([second.runs, other.owned]).toEqual([0, []])
    await one.stop()
    const stopped = performance.now()
    await until(() => expect(second.isRunning).toBe(true))
    expect(performance.now() - stopped).toBeLessThan(2000)
    expect([one.owned, other.owned]).toEqual([[true, false], [true]])
  })

  it('takes over from a process that was killed', async () => {
    const folder = temporaryFolder()
    const script = path.join(import.meta.dirname, '..', 'store', 'lease-child.ts')
    const child = spawn(process.execPath, [script, folder, 'gateway'], {stdio: ['pipe', 'pipe', 'inherit']})
    await once(child.stdout, 'data')
    const sink = sinkOf('sink')
    const {state} = await start(folder, [sink])
    expect(await state.owner()).toMatchObject({pid: child.pid, role: 'gateway'})
    expect(sink.runs).toBe(0)
    child.kill('SIGKILL')
    const killed = performance.now()
    await until(() => expect(sink.isRunning).toBe(true))
    expect(performance.now() - killed).toBeLessThan(2000)
    expect(await state.owner()).toMatchObject({pid: process.pid, role: 'test'})
  })

  it('stops them when the lease is lost, and runs them again when it is had anew', async () => {
    const folder = temporaryFolder()
    const sink = sinkOf('sink')
    const {owned} = await start(folder, [sink])
    await until(() => expect(sink.isRunning).toBe(true))
    rmSync(path.join(folder, 'owner.lock'))
    await until(() => expect(sink.runs).toBe(2))
    expect(owned).toEqual([true, false, true])
  })

  it('waits for sinks that end, gives up on one that does not, and gives the lease back', async () => {
    const folder = temporaryFolder()
    let isDone = false
    const slow = sinkOf('slow', async (context) => {
      await idle(context)
      await new Promise((resolve) => setTimeout(resolve, 100))
      isDone = true
    })
    const polite = await start(folder, [slow])
    await until(() => expect(slow.isRunning).toBe(true))
    await polite.stop()
    expect(isDone).toBe(true)

    const hanging = sinkOf('hanging', () => new Promise(() => undefined))
    const {state, stop} = await start(folder, [hanging])
    await until(() => expect(hanging.isRunning).toBe(true))
    const began = performance.now()
    await stop()
    expect(performance.now() - began).toBeLessThan(4000)
    const lease = await state.tryOwn('next')
    expect(lease?.isHeld()).toBe(true)
    await lease!.release()
  })

  it('says once that the state store fails, and goes on asking', async () => {
    const folder = temporaryFolder()
    const sink = sinkOf('sink')
    const state = await openSqliteState(folder)
    let asked = 0
    const {said} = await start(folder, [sink], {
      tryOwn: async (role) => {
        if (++asked < 3) throw new Error('the disk failed')
        return state.tryOwn(role)
      },
    })
    await until(() => expect(sink.isRunning).toBe(true))
    await state.close()
    expect(said).toEqual(['warn: the lease of the sinks could not be asked for, trying again: the disk failed'])
  })

  it('ends at once when it is stopped before it has the lease', async () => {
    const folder = temporaryFolder()
    const holder = await openSqliteState(folder)
    const lease = await holder.tryOwn('other')
    const sink = sinkOf('sink')
    const {stop} = await start(folder, [sink])
    const began = performance.now()
    await stop()
    expect(performance.now() - began).toBeLessThan(500)
    expect(sink.runs).toBe(0)
    await lease!.release()
    await holder.close()
  })
})
