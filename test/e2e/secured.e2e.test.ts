import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type NatsServer, natsBinaries, startNats} from '../nats-server.ts'
import {linesOf, type Sandbox, sandbox} from '../run-bin.ts'

const workspace = path.join(import.meta.dirname, '..', '..', 'examples', 'workspace')

describe.each(natsBinaries)('logins of stream secure on nats-server %s', (binary) => {
  let box: Sandbox
  let server: NatsServer

  const url = (login: string, more = '') =>
    readFileSync(path.join(box.folder, 'nats', `${login}.url`), 'utf8')
      .trim()
      .replace('localhost:4222', `127.0.0.1:${server.port}`) + more

  async function run(login: string, ...args: string[]) {
    const {code, stdout, stderr} = await box.run([...args, '--store', url(...(login.split(' ') as [string, string?]))])
    return {code, stdout, stderr}
  }

  async function ok(login: string, ...args: string[]) {
    const {code, stdout, stderr} = await run(login, ...args)
    expect([code, args.join(' '), stderr.includes('Error')], stderr).toEqual([0, args.join(' '), false])
    return stdout
  }

  beforeAll(async () => {
    box = sandbox()
    const agents = ['--agent', 'one', '--agent', 'my two', '--read', 'one:my two', '--shared-reader', 'auditor']
    const {code, stdout, stderr} = await box.run(['stream', 'secure', ...agents, '--out', 'nats'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/agent-one +append to and read its own log +nats\/agent-one\.url/)
    server = await startNats({
      binary,
      config: 'include "accounts.conf"',
      prepare: (folder) =>
        copyFileSync(path.join(box.folder, 'nats', 'accounts.conf'), path.join(folder, 'accounts.conf')),
    })
    await ok('admin', 'stream', 'init')
    await ok('admin &agent=one', 'stream', 'init')
    await ok('admin', 'stream', 'init', '--agent', 'my two')
  })
  afterAll(async () => {
    await server.stop()
    box.remove()
  })

  it('an agent uses its own log in every way', async () => {
    expect(JSON.parse(await ok('agent-one', 'stream', 'init', '--json'))).toMatchObject({unchanged: true})
    await ok('agent-one', 'emit', '--type', 'note.added', '--agent', 'one', '--data', '{"text":"mine"}')
    const migrate = ['migrate', '--workspace', workspace, '--agent', 'one', '--json']
    expect(JSON.parse(await ok('agent-one', ...migrate))).toMatchObject({appended: 57})
    expect(JSON.parse(await ok('agent-one', ...migrate))).toMatchObject({appended: 0, duplicates: 57})
    const queried = linesOf(await ok('agent-one', 'query', '--type', 'note.*', '--ndjson')).map((line) =>
      JSON.parse(line),
    )
    expect(queried).toMatchObject([{data: {text: 'mine'}}])
    const tail = box.start(['tail', '--last', '1', '--type', 'note.*', '--store', url('agent-one')])
    await tail.until('mine')
    await ok('agent-one', 'emit', '--type', 'note.added', '--agent', 'one', '--data', '{"text":"live"}')
    await tail.until('live')
    tail.child.kill('SIGTERM')
    expect((await tail.finished).code).toBe(130)
    expect(JSON.parse(await ok('agent-one', 'query', '--count', '--json'))).toEqual({count: 59})
    expect(JSON.parse(await ok('agent-one', 'stream', 'info', '--json'))).toMatchObject({events: 59})
    expect(JSON.parse(await ok('agent-one', 'stream', 'verify', '--json'))).toMatchObject({ok: true, chained: true})
  })

  it('the gateway appends to every log, and readers read those that they may', async () => {
    for (const more of ['', '&agent=one', '&agent=my%20two']) {
      await ok(`gateway ${more}`, 'emit', '--type', 'gateway.said', '--data', '{"text":"to all"}')
      expect(await ok(`gateway ${more}`, 'query', '--type', 'gateway.said')).toContain('to all')
      expect(await ok(`reader-auditor ${more}`, 'query', '--type', 'gateway.said')).toContain('to all')
    }
    expect(await ok('reader-one &agent=my%20two', 'query')).toContain('to all')
    expect(await ok('agent-my=20two', 'query')).toContain('to all')
  })

  it('the administrator erases, prunes and verifies', async () => {
    await ok('agent-one', 'emit', '--type', 'secret.said', '--agent', 'one', '--data', '{"text":"a secret"}')
    const erase = ['stream', 'erase', '--type', 'secret.*', '--yes', '--json']
    expect(JSON.parse(await ok('admin &agent=one', ...erase))).toMatchObject({matched: 1, erased: 1})
    const verified = JSON.parse(await ok('admin &agent=one', 'stream', 'verify', '--json'))
    expect(verified).toMatchObject({ok: true, erased: 1})
    await ok('admin &agent=one', 'stream', 'prune', '--max-bytes', '20kB', '--yes')
  })

  it('nobody does what was not said, and is told so', async () => {
    for (const [login, ...args] of [
      ['agent-one &stream=openclaw-events-my%3D20two&prefix=openclaw.agents.my%2520two', 'query'],
      ['agent-one &stream=new&prefix=new', 'stream', 'init'],
      ['agent-one', 'stream', 'erase', '--type', 'gateway.*', '--yes'],
      ['agent-one', 'stream', 'prune', '--max-bytes', '1kB', '--yes'],
      ['agent-one', 'stream', 'remove', '--confirm', 'openclaw-events-one'],
      ['reader-auditor &agent=one', 'emit', '--type', 'x.y', '--data', '{}'],
      ['reader-one &agent=one', 'query'],
      ['gateway &agent=one', 'stream', 'remove', '--confirm', 'openclaw-events-one'],
    ] as const) {
      const {code, stderr} = await run(login, ...args)
      expect([login, ...args, code, /Code: STORE_AUTH/.test(stderr)], stderr).toEqual([login, ...args, 1, true])
      expect(stderr).toMatch(/does not allow this user to publish to/)
    }
    const anonymous = await box.run(['query', '--store', server.url])
    expect([anonymous.code, /STORE_AUTH/.test(anonymous.stderr)]).toEqual([1, true])
  })

  it('the configuration that is written for OpenClaw reaches every log', async () => {
    const file = path.join(box.folder, 'nats', 'event-store.yml')
    const text = readFileSync(file, 'utf8').replace('localhost:4222', `127.0.0.1:${server.port}`)
    const state = path.join(box.folder, 'configured')
    mkdirSync(state, {recursive: true})
    writeFileSync(path.join(state, 'config.yml'), text, {mode: 0o600})
    const said = await box.run(['query', '--type', 'gateway.said', '--state', state])
    expect([said.code, said.stdout.includes('to all')], said.stderr).toEqual([0, true])
  })
})
