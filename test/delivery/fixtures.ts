import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {onTestFinished} from 'vitest'
import type {Outgoing} from '../../src/lib/delivery/outgoing.ts'
import type {Sink, SinkContext} from '../../src/lib/delivery/sink.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteState} from '../../src/lib/store/sqlite/state/store.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import type {StateStore} from '../../src/lib/store/state-port.ts'

/** Everything leaves as it is. */
export const openOutgoing: Outgoing = {wants: () => true, prepare: (event) => event}

/** A folder of the test's own, removed when it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-delivery-'))
  onTestFinished(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}

export interface Bench {
  folder: string
  store: EventStore
  state: StateStore
  /** What diagnostics said, `level: message`. */
  said: string[]
  append(...texts: string[]): Promise<void>
  /** Runs a sink until `stop`; a sink that rejects makes `stop` reject. */
  start(sink: Sink, options?: Partial<SinkContext>): {stop(): Promise<void>; context: SinkContext}
}

/** A real log and state store in a folder, and a way to run a sink on them. */
export async function openBench(folder = temporaryFolder()): Promise<Bench> {
  const store = await openSqliteStore(path.join(folder, 'events.db'))
  const state = await openSqliteState(folder)
  onTestFinished(async () => {
    await store.close()
    await state.close()
  })
  const said: string[] = []
  const say = (level: string) => (message: string) => void said.push(`${level}: ${message}`)
  return {
    folder,
    store,
    state,
    said,
    async append(...texts) {
      await store.append(
        texts.map((text) => makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {text}})),
      )
    },
    start(sink, options = {}) {
      const stop = new AbortController()
      const context: SinkContext = {
        store,
        state,
        log: 'test',
        diagnostics: {debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')},
        signal: stop.signal,
        now: Date.now,
        startAt: 'start',
        report: async (event) => void (await store.append([event])),
        ...options,
      }
      const running = sink.run(context)
      running.catch(() => undefined)
      return {
        context,
        async stop() {
          stop.abort()
          await running
        },
      }
    },
  }
}
