import {describe, expect, it} from 'vitest'
import {planAccounts, type SecuredLog} from '../../src/lib/secure/plan.ts'
import {readersOf} from '../../src/lib/secure/readers.ts'
import {accountsText, serverText} from '../../src/lib/secure/server-config.ts'

function log(agent: string | undefined): SecuredLog {
  const right = (verb: string) => ({
    subject: `$API.${verb}.${agent}`,
    as: `api.${verb}.${agent}`,
    answers: 'one' as const,
  })
  const next = {...right('next'), answers: 'many' as const}
  const rights = {read: [right('info'), next], append: [right('append')], manage: [right('delete')]}
  return {agent, stream: `s-${agent}`, prefix: `p.${agent}`, rights}
}

const logs = [log(undefined), log('one'), log('two')]
const readers = readersOf({read: ['one:two'], shared: ['auditor']})
const accounts = planAccounts({logs, readers, tokenOf: (text) => text, inboxOf: (user) => `_INBOX.${user}`})
const named = (name: string) => accounts.find((account) => account.name === name)!

describe('the accounts of a server', () => {
  it('are one for each log, to which nobody logs in, and one for each login', () => {
    expect(accounts.map(({name, log, user}) => [name, log?.stream, user?.login.user])).toEqual([
      ['LOG', 's-undefined', undefined],
      ['LOG-one', 's-one', undefined],
      ['LOG-two', 's-two', undefined],
      ['USER-admin', undefined, 'admin'],
      ['USER-gateway', undefined, 'gateway'],
      ['USER-agent-one', undefined, 'agent-one'],
      ['USER-agent-two', undefined, 'agent-two'],
      ['USER-reader-one', undefined, 'reader-one'],
      ['USER-reader-auditor', undefined, 'reader-auditor'],
    ])
  })

  it('let an agent read and append to its own log, and hear its own replies', () => {
    expect(named('USER-agent-one').user).toMatchObject({
      publish: ['api.info.one', 'api.next.one', 'api.append.one'],
      inbox: '_INBOX.agent-one',
    })
  })

  it('export each right to those alone who may have it', () => {
    const exported = named('LOG-two').exports.map(({right, accounts}) => [right.subject, accounts])
    const all = ['USER-admin', 'USER-gateway', 'USER-agent-two', 'USER-reader-one', 'USER-reader-auditor']
    expect(exported).toEqual([
      ['$API.info.two', all],
      ['$API.next.two', all],
      ['$API.append.two', ['USER-admin', 'USER-gateway', 'USER-agent-two']],
      ['$API.delete.two', ['USER-admin']],
    ])
    expect(named('LOG-one').exports[0]?.accounts).not.toContain('USER-reader-one')
  })

  it('import, and allow to ask, exactly what was exported to them', () => {
    for (const {name, imports, user} of accounts.filter(({log}) => !log)) {
      const exported = accounts.flatMap(({exports}) => exports.filter(({accounts}) => accounts.includes(name)))
      expect(imports.map(({right}) => right)).toEqual(exported.map(({right}) => right))
      expect(user?.publish).toEqual(imports.map(({right}) => right.as))
    }
  })

  it('refuse a reader of an agent without a log', () => {
    const read = () =>
      planAccounts({logs, readers: readersOf({read: ['one:three']}), tokenOf: (text) => text, inboxOf: (user) => user})
    expect(read).toThrow(/agent three has no log/)
  })
})

describe('who may read what', () => {
  it('is told in pairs and by name', () => {
    expect(readersOf({read: ['a:b', 'a:c', 'b:a'], shared: ['all', 'b']})).toEqual([
      {name: 'a', agents: ['b', 'c']},
      {name: 'all', agents: 'all'},
      {name: 'b', agents: 'all'},
    ])
    expect(readersOf({})).toEqual([])
  })

  it.each(['a', 'a:', ':b', 'a:b:c', 'a:a', ''])('is not told by %j', (pair) => {
    expect(() => readersOf({read: [pair]})).toThrow(expect.objectContaining({code: 'USAGE', exit: 2}))
  })
})

describe('the configuration', () => {
  it('is written in the language of nats-server, with hashes and quoted names', () => {
    const text = accountsText(accounts, {hashOf: (user) => `$2a$07$hash-of-${user}`, maxBytes: 1000})
    expect(text).toContain('"LOG-one": {\n    jetstream: {max_mem: 0, max_file: 1000}')
    expect(text).toContain('{user: "agent-one", password: "$2a$07$hash-of-agent-one", permissions: {')
    expect(text).toContain('subscribe: {allow: ["_INBOX.agent-one.>"]}')
    expect(text).toContain('{service: "$API.next.two", response_type: stream, accounts: ["USER-admin", ')
    expect(text).toContain('{service: {account: "LOG-two", subject: "$API.next.two"}, to: "api.next.two"}')
    expect(text.split('"USER-reader-one": {')[1]?.split('"USER-')[0]).not.toContain('jetstream')
  })

  it('quotes what its operator names', () => {
    const text = serverText({
      listen: '127.0.0.1:4222',
      storeDir: '/a "quoted" \\ $HOME',
      tls: {cert: '/c.pem', key: '/k.pem'},
      include: 'accounts.conf',
    })
    expect(text).toContain('store_dir: "/a \\"quoted\\" \\\\ $HOME"')
    expect(text).toContain('tls {cert_file: "/c.pem", key_file: "/k.pem"}')
  })
})
