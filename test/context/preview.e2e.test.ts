import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {injectionRecord} from '../../src/lib/context/injection.ts'
import {selectContext} from '../../src/lib/context/select.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {type Sandbox, sandbox} from '../run-bin.ts'
import {day, hour, indexOf, noon, note, replied, said, tools} from './events.ts'

const at = new Date(noon).toISOString()
const log = [
  said('The boiler is broken again', {id: 'a', ago: 9 * day, sessionId: 'one', metadata: {senderIsOwner: true}}),
  replied('Anna repairs the boiler on Monday', {id: 'b', ago: 8 * day, sessionId: 'one'}),
  note('The boiler is from 1998', {id: 'n', heading: 'House'}),
  said('the safe code is 9911', {id: 'x', visibility: 'confidential'}),
  said('boiler of somebody else', {id: 'o', agentId: 'other'}),
  said('Is it warm?\u001b[2J', {id: 'c', ago: hour, sessionId: 'two'}),
]

describe('context preview', () => {
  let box: Sandbox

  const preview = async (...args: string[]) => box.run(['context', 'preview', '--at', at, ...args])

  beforeAll(async () => {
    box = sandbox()
    const index = await indexOf(log)
    const request = {atMs: noon - hour, budget: 300, prompt: 'boiler'}
    const selected = index.read('main', (view) => selectContext(view, request, tools))
    const data = {...injectionRecord(selected, {budget: 300, counter: tools.counter.name})}
    const injected = makeEvent({type: 'context.injected', agentId: 'main', source: 'plugin-hook', eventId: 'i', data})
    const lines = [...log, injected].map((event) => JSON.stringify(event)).join('\n')
    const {code, stderr} = await box.run(['import', '-'], {input: lines})
    expect([code, stderr]).toEqual([0, ''])
  })
  afterAll(() => box.remove())

  it('prints one document', async () => {
    const {code, stdout, stderr} = await preview('--prompt', 'who repairs the boiler?', '--budget', '600', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const document = JSON.parse(stdout)
    expect(Object.keys(document)).toEqual(['agentId', 'at', 'budget', 'tokens', 'counter', 'text', 'items', 'dropped'])
    expect(document).toMatchObject({agentId: 'main', at, budget: 600, counter: 'cl100k_base'})
    expect(document.items[0]).toEqual({
      eventId: 'b',
      ref: 'b',
      section: 'relevant',
      score: expect.any(Number),
      tokens: expect.any(Number),
    })
    expect(tools.counter.count(document.text)).toBe(document.tokens)
    expect(document.text).not.toMatch(/9911|somebody else/)
  })

  it('prints the same bytes again, for people and for programs', async () => {
    for (const form of [['--json'], ['--why'], ['--diff'], []]) {
      const first = await preview('--prompt', 'boiler', ...form)
      expect(await preview('--prompt', 'boiler', ...form)).toEqual(first)
    }
  })

  it('shows people the page, with nothing in it that acts on a terminal', async () => {
    const {stdout} = await preview('--why', '--diff')
    expect(stdout).toMatch(/^Context for main at 2026-11-20T12:00:00.000Z\n█+░* \d+ of 2000 tokens/)
    expect(stdout).toContain('[a owner 2026-11-11 9d] The boiler is broken again')
    expect(stdout).toContain('Chosen (')
    expect(stdout).toContain('Against the session before')
    expect(stdout).not.toContain('\u001b')
  })

  it('names the session and compares with the one before as data', async () => {
    const {stdout} = await preview('--session', 'two', '--diff', '--json')
    expect(JSON.parse(stdout)).toMatchObject({sessionKey: 'two', diff: {added: ['c'], kept: ['n', 'b', 'a']}})
  })

  it('writes a recorded injection again', async () => {
    const {stdout} = await box.run(['context', 'preview', '--injection', 'i', '--json'])
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({at: new Date(noon - hour).toISOString(), injection: {eventId: 'i', isSame: true}})
    expect(document.text).toContain('Anna repairs the boiler')
  })

  it('shows what the configuration would have injected: budget, also of the agent, and confidential events', async () => {
    const config = path.join(box.folder, 'context.json')
    const document = async (...args: string[]) =>
      JSON.parse((await preview('--config', config, ...args, '--json')).stdout)
    const configure = (context: object, more = {}) => writeFileSync(config, JSON.stringify({context, ...more}))
    configure({budget: 300, agents: {main: {budget: 200}}})
    expect((await document()).budget).toBe(200)
    expect((await document('--agent', 'other')).budget).toBe(300)
    expect((await document('--budget', '150')).budget).toBe(150)
    configure({confidential: true}, {redaction: {replacement: 'from 1998'}})
    const {budget, text} = await document()
    expect([budget, text]).toEqual([2000, expect.stringContaining('9911')])
    // A sentence with what stands for redacted values is no fact.
    expect(text).not.toContain('1998')
    configure({})
    expect((await document()).text).toMatch(/^(?!.*9911).*1998/s)
  })

  it('names faults in what a context is made by, and goes on with faults elsewhere', async () => {
    const config = path.join(box.folder, 'faults.json')
    writeFileSync(config, JSON.stringify({context: {budgett: 1}, queue: {maxSize: 'many'}}))
    const {code, stderr} = await preview('--config', config)
    expect([code, stderr]).toEqual([2, expect.stringMatching(/context\.budgett.*did you mean budget/)])
    writeFileSync(config, JSON.stringify({context: {budget: 400}, queue: {maxSize: 'many'}}))
    expect(JSON.parse((await preview('--config', config, '--json')).stdout).budget).toBe(400)
  })

  it('says that there is nothing, or no room', async () => {
    expect((await preview('--agent', 'nobody')).stdout).toContain('nothing would be injected')
    expect((await preview('--budget', '10')).stdout).toContain('nothing fits into 10 tokens')
    expect(JSON.parse((await preview('--budget', '0', '--json')).stdout)).toMatchObject({
      text: '',
      tokens: 0,
      items: [],
    })
  })

  it('says what is wrong, once and with the right code', async () => {
    const missing = await preview('--store', `sqlite:${path.join(box.folder, 'none.db')}`)
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('STORE_MISSING')])
    expect(await box.run(['context', 'preview', '--at', 'soon'])).toMatchObject({code: 2})
    expect((await box.run(['context', 'preview', '--injection', 'nope'])).stderr).toContain(
      'no event nope of agent main records an injected context',
    )
    expect((await preview('--budget', '-1')).code).toBe(2)
  })
})
