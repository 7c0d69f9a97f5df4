import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type NatsServer, startNats} from '../nats-server.ts'
import {type Sandbox, sandbox} from '../run-bin.ts'

const secret = 'xylophonequartz'
const lines = Array.from({length: 30}, (_, index) =>
  JSON.stringify({
    eventId: `e-${index}`,
    type: 'message.received',
    timestamp: new Date(Date.UTC(2026, 10, 20, 21, 0, index)).toISOString(),
    agentId: 'main',
    sessionKey: `agent:main:dm:${index % 3}`,
    visibility: 'internal',
    correlationId: `c-${index}`,
    schemaVersion: '1.2.0',
    eventCategory: 'message',
    eventName: 'message_received',
    source: 'plugin-hook',
    data: index % 3 === 0 ? {senderId: '4711', content: `${secret} ${index}`} : {senderId: '5', content: 'of no note'},
  }),
).join('\n')

let server: NatsServer
let box: Sandbox
beforeAll(async () => {
  server = await startNats()
  box = sandbox()
  writeFileSync(path.join(box.folder, 'events.ndjson'), lines)
})
afterAll(async () => {
  await server.stop()
  box.remove()
})

describe.each(['the embedded log', 'JetStream'])('%s', (kind) => {
  const store = () => (kind === 'JetStream' ? server.url : `sqlite:${box.folder}/integrity.db`)

  async function run(...args: string[]) {
    const {code, stdout, stderr} = await box.run([...args, '--store', store()])
    return {code, stdout, stderr, json: () => JSON.parse(stdout)}
  }

  it('is anchored, erased in part, and verifies; what somebody else does to it does not', async () => {
    await run('stream', 'init')
    expect((await run('import', 'events.ndjson', '--json')).json()).toMatchObject({appended: 30})
    const head = await run('stream', 'head', '--json')
    expect(head.json()).toMatchObject({
      position: '0000000000000030',
      events: 30,
      chain: expect.stringMatching(/^\w{64}$/),
    })
    const anchor = path.join(box.folder, `anchor-${kind === 'JetStream'}.json`)
    writeFileSync(anchor, head.stdout)
    expect((await run('stream', 'head')).stdout).toContain('0000000000000030')

    const dry = await run('stream', 'erase', '--person', '4711', '--dry-run', '--json')
    expect(dry.json()).toEqual({
      matched: 10,
      erased: 0,
      types: [{key: 'message.received', count: 10}],
      dryRun: true,
    })
    const asked = await run('stream', 'erase', '--person', '4711')
    expect([asked.code, asked.stdout, asked.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/Erase 10 events .*add --yes/s),
    ])
    const erased = await run('stream', 'erase', '--person', '4711', '--yes', '--reason', 'ticket 1')
    expect([erased.code, erased.stdout]).toEqual([0, 'erased 10 events\n'])
    expect((await run('query', '--text', secret, '--count')).stdout).toBe('0\n')
    expect((await run('query', '--type', 'log.erased')).stdout).toContain('the content of 10 events was erased')
    expect((await run('import', 'events.ndjson', '--json')).json()).toMatchObject({appended: 0, duplicates: 30})

    const verified = await run('stream', 'verify', '--anchor', anchor)
    expect([verified.code, verified.stderr]).toEqual([0, ''])
    expect(verified.stdout).toMatch(
      /^ok: 21 events, nothing missing, changed or swapped; 10 erased, .*; the same up to position 0+30 as at 2/,
    )
    const other = {
      ...head.json(),
      chain: '0'.repeat(64),
      segments: head.json().segments?.map((one: object) => ({...one, chain: '0'.repeat(64)})),
    }
    writeFileSync(`${anchor}.other`, JSON.stringify(other))
    const differs = await run('stream', 'verify', '--anchor', `${anchor}.other`, '--json')
    expect([differs.code, differs.json().ok, differs.json().faults[0].kind]).toEqual([3, false, 'changed'])
  })

  it('says what is wrong with what it is given', async () => {
    for (const [args, says] of [
      [['stream', 'erase'], /nothing says what to erase/],
      [['stream', 'erase', '--person', ' '], /an empty --person is nobody/],
      [['stream', 'erase', '--since', 'soon'], /soon/],
      [['stream', 'verify', '--anchor', 'nowhere.json'], /cannot read the anchor nowhere\.json/],
      [['stream', 'verify', '--anchor', 'events.ndjson'], /events\.ndjson is no anchor/],
    ] as const) {
      const {code, stdout, stderr} = await run(...args)
      expect([code, stdout, says.test(stderr)], stderr).toEqual([2, '', true])
    }
  })
})

describe('an embedded log', () => {
  it('has nothing of what was erased in its folder, and names what was deleted in another way', async () => {
    const log = path.join(box.folder, 'integrity.db')
    const files = readdirSync(box.folder).filter((name) => name.startsWith('integrity.db'))
    for (const name of files)
      expect([name, readFileSync(path.join(box.folder, name)).includes(secret)]).toEqual([name, false])
    const db = new DatabaseSync(log)
    db.exec('DELETE FROM events WHERE seq = 5')
    db.close()
    const {code, stdout} = await box.run(['stream', 'verify', '--store', `sqlite:${log}`])
    expect([code, stdout]).toEqual([
      3,
      'missing  position 0000000000000005  this event is missing\nthe log is not what was written\n',
    ])
  })
})
