import {copyFileSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {NatsLocation} from '../../src/lib/config/store-settings.ts'
import {readersOf} from '../../src/lib/secure/readers.ts'
import {secureServer} from '../../src/lib/wiring/secure-server.ts'
import {type NatsBinary, type NatsServer, startNats} from '../nats-server.ts'

export const location: NatsLocation = {
  kind: 'nats',
  url: 'nats://127.0.0.1:4222',
  origin: 'test',
  retention: {},
  agents: {},
}

export interface Secured {
  server: NatsServer
  /** The store URL of a login; with `more` behind it. */
  url(login: string, more?: string): string
  stop(): Promise<void>
}

/** A server with the written configuration: agents `one` and `two`, a reader of two, one of all. */
export async function startSecured(binary: NatsBinary): Promise<Secured> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-secured-'))
  const readers = readersOf({read: ['one:two'], shared: ['auditor']})
  await secureServer({location, agents: ['one', 'two'], readers, folder, listen: '127.0.0.1:4222'})
  const server = await startNats({
    binary,
    config: 'include "accounts.conf"',
    prepare: (own) => copyFileSync(path.join(folder, 'accounts.conf'), path.join(own, 'accounts.conf')),
  })
  return {
    server,
    url(login, more = '') {
      const url = readFileSync(path.join(folder, `${login}.url`), 'utf8').trim()
      return url.replace('127.0.0.1:4222', `127.0.0.1:${server.port}`) + more
    },
    async stop() {
      await server.stop()
      rmSync(folder, {recursive: true, force: true})
    },
  }
}
