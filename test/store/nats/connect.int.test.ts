import {writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import path from 'node:path'
import {createUser} from '@nats-io/nkeys'
import {afterEach, describe, expect, it} from 'vitest'
import {ClawError} from '../../../src/lib/errors.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import {event, idsOf} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {makeCertificates, makeOperator} from './credentials.ts'

let server: NatsServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

/** Makes the log, writes to it and reads from it with these options. */
async function use(options: NatsOptions): Promise<void> {
  const admin = await openNatsAdmin(options)
  await admin.apply({})
  await admin.close()
  const store = await openNatsStore(options)
  await store.append([event('a')])
  expect(await idsOf(store.read(everything))).toEqual(['a'])
  await store.close()
}

async function failureOfOpening(options: NatsOptions): Promise<ClawError> {
  const failure = await openNatsStore(options).then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(failure).toBeInstanceOf(ClawError)
  return failure
}

function everythingSaid(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure)
  const suggestions = failure instanceof ClawError ? failure.suggestions.join('\n') : ''
  return `${failure.message}\n${suggestions}\n${failure.stack}\n${everythingSaid(failure.cause)}`
}

const withUser = (url: string, userInfo: string) => url.replace('//', `//${userInfo}@`)

describe.each(natsBinaries)('credentials on nats-server %s', (binary) => {
  it('takes user and password from the URL, escaped or not, and never tells the password', async () => {
    const config = 'authorization { user: "ada lovelace", password: "p@ss:w%rd/1" }'
    server = await startNats({binary, config})
    await use({url: withUser(server.url, 'ada%20lovelace:p%40ss%3Aw%25rd%2F1')})
    const store = await openNatsStore({url: withUser(server.url, 'ada%20lovelace:p%40ss:w%rd%2F1')})
    expect((await store.describe()).store).toBe(withUser(server.url, 'ada%20lovelace:***'))
    await store.close()

    const failure = await failureOfOpening({url: withUser(server.url, 'ada%20lovelace:hunter2')})
    expect(failure).toMatchObject({code: 'STORE_AUTH', exit: 1})
    expect(failure.message).toContain('ada')
    expect(everythingSaid(failure)).not.toContain('hunter2')
    expect(await failureOfOpening({url: server.url})).toMatchObject({code: 'STORE_AUTH'})
  })

  it('takes a token from the URL', async () => {
    server = await startNats({binary, config: 'authorization { token: "s3cret-token" }'})
    await use({url: withUser(server.url, 's3cret-token')})
    const failure = await failureOfOpening({url: withUser(server.url, 'wrong-token')})
    expect(failure).toMatchObject({code: 'STORE_AUTH'})
    expect(everythingSaid(failure)).not.toContain('wrong-token')
  })

  it('takes an nkey seed from a file', async () => {
    const user = createUser()
    server = await startNats({binary, config: `authorization { users: [{nkey: ${user.getPublicKey()}}] }`})
    const nkeyFile = path.join(server.folder, 'user.nk')
    writeFileSync(nkeyFile, `# my key\n${new TextDecoder().decode(user.getSeed())}\n`)
    await use({url: server.url, nkeyFile})
    writeFileSync(nkeyFile, new TextDecoder().decode(createUser().getSeed()))
    expect(await failureOfOpening({url: server.url, nkeyFile})).toMatchObject({code: 'STORE_AUTH'})
  })

  it('takes a credentials file', async () => {
    const {config, creds} = makeOperator()
    server = await startNats({binary, config})
    const credsFile = path.join(server.folder, 'user.creds')
    writeFileSync(credsFile, creds)
    await use({url: server.url, credsFile})
    const other = makeOperator()
    writeFileSync(credsFile, other.creds)
    const failure = await failureOfOpening({url: server.url, credsFile})
    expect(failure).toMatchObject({code: 'STORE_AUTH'})
    expect(everythingSaid(failure)).not.toContain(/^SU.+$/m.exec(other.creds)?.[0])
  })

  it('connects by TLS to a server whose authority it is told, and to no other', async () => {
    const config = 'tls { cert_file: "{folder}/server.pem", key_file: "{folder}/server.key" }'
    server = await startNats({binary, config, prepare: makeCertificates})
    const tls = {ca: path.join(server.folder, 'ca.pem')}
    await use({url: server.url.replace('nats:', 'tls:'), tls})
    await use({url: server.url, tls, stream: 'other', prefix: 'other'})
    const failure = await failureOfOpening({url: server.url.replace('nats:', 'tls:')})
    expect(failure).toMatchObject({code: 'STORE_UNREACHABLE'})
    expect(failure.message).toMatch(/certificate .* is not trusted/)
  })

  it('says what a user may not do, and which event that concerns', async () => {
    const mayNot = 'publish: {deny: ["openclaw.events.secret.>"]}'
    server = await startNats({
      binary,
      config: `authorization { users: [{user: ada, password: pw, permissions: {${mayNot}}}, {user: root, password: pw}] }`,
    })
    await use({url: withUser(server.url, 'root:pw')})
    const store = await openNatsStore({url: withUser(server.url, 'ada:pw')})
    const allowed = store.append([event('b')])
    const refused = store.append([event('c'), event('d', {agentId: 'secret'}), event('e', {agentId: 'secret'})])
    expect(await allowed).toEqual({appended: 1, duplicates: 0})
    await expect(refused).rejects.toMatchObject({
      code: 'STORE_AUTH',
      message: expect.stringMatching(/event d: .*openclaw\.events\.secret.*; 1 of 3 events/),
    })
    expect(await store.append([event('f')])).toEqual({appended: 1, duplicates: 0})
    await store.close()
  })
})

describe('opening', () => {
  it('names the server that cannot be reached, within the time that it was given', async () => {
    const start = performance.now()
    const failure = await failureOfOpening({url: 'nats://ada:hunter2@127.0.0.1:1'})
    expect(failure).toMatchObject({code: 'STORE_UNREACHABLE', exit: 1})
    expect(failure.message).toContain('nats://ada:***@127.0.0.1:1')
    expect(everythingSaid(failure)).not.toContain('hunter2')
    expect(performance.now() - start).toBeLessThan(1500)
  })

  it('does not wait longer for a server that takes the connection and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const address = mute.address()
    const port = typeof address === 'object' ? address?.port : 0
    const start = performance.now()
    const failure = await failureOfOpening({url: `nats://127.0.0.1:${port}`, connectTimeoutMs: 300})
    expect(failure).toMatchObject({code: 'STORE_UNREACHABLE'})
    expect(performance.now() - start).toBeLessThan(1500)
    mute.close()
  })

  it('takes the servers of a cluster in one URL and uses the one that is there', async () => {
    server = await startNats()
    await use({url: `nats://127.0.0.1:1,127.0.0.1:${server.port}`})
  })

  it('says how to turn JetStream on', async () => {
    server = await startNats({jetstream: false})
    const failure = await failureOfOpening({url: server.url})
    expect(failure).toMatchObject({code: 'STORE_FAILED'})
    expect(failure.suggestions.join()).toContain('-js')
  })

  it('says how to make a stream that is missing', async () => {
    server = await startNats()
    const failure = await failureOfOpening({url: `${server.url}?stream=mine&prefix=my.events`})
    expect(failure).toMatchObject({code: 'STORE_MISSING'})
    const flag = `--store '${server.url}?stream=mine&prefix=my.events'`
    expect(failure.suggestions.join()).toContain(`stream init ${flag}`)
    expect(failure.suggestions.join()).toContain(`stream list ${flag}`)
  })

  it.each([
    ['a file that is missing', {credsFile: '/nowhere/user.creds'}, /\/nowhere\/user\.creds/],
    ['a file without credentials', {credsFile: import.meta.filename}, /holds no credentials/],
    ['a file without a seed', {nkeyFile: import.meta.filename}, /holds no credentials/],
    ['a missing certificate', {tls: {ca: '/nowhere/ca.pem'}}, /\/nowhere\/ca\.pem/],
  ])('names %s', async (_, options, says) => {
    const failure = await failureOfOpening({url: 'nats://127.0.0.1:1', ...options})
    expect(failure).toMatchObject({code: 'CONFIG_INVALID', exit: 2})
    expect(failure.message).toMatch(says)
  })
})
