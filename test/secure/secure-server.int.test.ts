import {execFileSync} from 'node:child_process'
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {parse} from 'yaml'
import type {NatsLocation} from '../../src/lib/config/store-settings.ts'
import {parseTarget} from '../../src/lib/store/nats/target.ts'
import {secureServer} from '../../src/lib/wiring/secure-server.ts'
import {binaryPath, natsBinaries} from '../nats-server.ts'
import {makeCertificates} from '../store/nats/credentials.ts'
import {location} from './secured.ts'

let parent: string
let folder: string
beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'claw-secure-'))
  folder = path.join(parent, 'nats')
})
afterEach(() => rmSync(parent, {recursive: true, force: true}))

function secure(agents: string[], more: Partial<Parameters<typeof secureServer>[0]> = {}) {
  return secureServer({location, agents, readers: [], folder, listen: '127.0.0.1:4222', ...more})
}

const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')
const passwordOf = (login: string) => parseTarget({url: read(`${login}.url`).trim()}).password

describe('what is written for a secured server', () => {
  it('is a configuration that every server takes, and files that only we can read', async () => {
    const done = await secure(['one', 'my agent', 'ünï.>'], {maxBytes: 1e9})
    for (const binary of natsBinaries) {
      const checked = execFileSync(binaryPath(binary), ['-t', '-c', path.join(folder, 'nats-server.conf')], {
        stdio: 'pipe',
      })
      expect(checked).toBeDefined()
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder))
      expect([name, statSync(path.join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
    expect(done.logins.map(({user, logs}) => [user, logs])).toEqual([
      ['admin', ['openclaw-events', 'one', 'my agent', 'ünï.>']],
      ['gateway', ['openclaw-events', 'one', 'my agent', 'ünï.>']],
      ['agent-one', ['one']],
      ['agent-my=20agent', ['my agent']],
      ['agent-=C3=BCn=C3=AF=2E=3E', ['ünï.>']],
    ])
    expect(read('accounts.conf')).not.toContain(passwordOf('admin'))
    expect(parseTarget({url: read('agent-my=20agent.url').trim()})).toMatchObject({
      user: 'agent-my=20agent',
      agent: 'my agent',
      stream: 'openclaw-events-my=20agent',
      prefix: 'openclaw.agents.my%20agent',
    })
  })

  it('keeps what is there when an agent is added: passwords, and what the operator changed', async () => {
    await secure(['one'], {readers: [{name: 'gone', agents: 'all'}]})
    const before = passwordOf('agent-one')
    writeFileSync(path.join(folder, 'nats-server.conf'), 'listen: "0.0.0.0:4222"\ninclude "accounts.conf"\n')
    const done = await secure(['one', 'two'])
    expect(passwordOf('agent-one')).toBe(before)
    expect(read('nats-server.conf')).toContain('0.0.0.0')
    expect(done.kept.map((file) => path.basename(file))).toEqual(['nats-server.conf'])
    expect(done.stale.map((file) => path.basename(file))).toEqual(['reader-gone.url'])
    expect(read('accounts.conf')).toContain('"LOG-two"')
    expect(read('accounts.conf')).not.toContain('reader-gone')
    rmSync(path.join(folder, 'agent-one.url'))
    await secure(['one', 'two'])
    expect(passwordOf('agent-one')).not.toBe(before)
    writeFileSync(path.join(folder, 'agent-one.url'), 'what is this')
    await expect(secure(['one'])).rejects.toMatchObject({code: 'INPUT_UNREADABLE', exit: 2})
  })

  it('takes names from the configuration, and gives it back with the one login of the gateway', async () => {
    const configured: NatsLocation = {
      ...location,
      url: 'nats://someone:secret@nats.example:4333,other.example',
      stream: 'main-events',
      prefix: 'openclaw.events.main',
      agents: {one: {url: 'nats://one:own@elsewhere', streamName: 'events-one', subjectPrefix: 'openclaw.events.one'}},
    }
    await secure(['one', 'two'], {location: configured, ca: path.join(parent, 'ca.pem')})
    const {gateway} = parse(read('event-store.yml'))
    expect(gateway.eventStore).toEqual({
      enabled: true,
      url: `tls://gateway:${passwordOf('gateway')}@nats.example:4333,other.example?api=claw.api`,
      streamName: 'main-events',
      subjectPrefix: 'openclaw.events.main',
      tls: {ca: path.join(parent, 'ca.pem')},
      agents: {
        one: {streamName: 'events-one', subjectPrefix: 'openclaw.events.one'},
        two: {streamName: 'openclaw-events-two', subjectPrefix: 'openclaw.agents.two'},
      },
    })
    expect(parseTarget({url: read('agent-one.url').trim()})).toMatchObject({
      stream: 'events-one',
      prefix: 'openclaw.events.one',
      agent: 'one',
      isTls: true,
    })
    for (const name of readdirSync(folder)) expect(read(name)).not.toMatch(/someone|secret|elsewhere/)
  })

  it('refuses logs that share a stream or subjects: the gateway would write into both', async () => {
    const agents = {
      one: {subjectPrefix: 'openclaw.events.one'},
      two: {streamName: 'openclaw-events'},
    }
    for (const [agent, says] of [
      ['one', /share subjects: openclaw\.events\.> and openclaw\.events\.one\.>/],
      ['two', /share the stream openclaw-events/],
    ] as const) {
      const failure = await secure([agent], {location: {...location, agents}}).catch((thrown) => thrown)
      expect(failure).toMatchObject({code: 'CONFIG_INVALID', exit: 2, message: expect.stringMatching(says)})
    }
  })

  it('serves by TLS when certificates are named', async () => {
    makeCertificates(parent)
    const tls = {cert: path.join(parent, 'server.pem'), key: path.join(parent, 'server.key')}
    await secure(['one'], {tls})
    expect(read('agent-one.url')).toMatch(/^tls:\/\//)
    for (const binary of natsBinaries) {
      execFileSync(binaryPath(binary), ['-t', '-c', path.join(folder, 'nats-server.conf')], {stdio: 'pipe'})
    }
  })
})
