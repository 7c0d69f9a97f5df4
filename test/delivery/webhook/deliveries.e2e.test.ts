import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterEach, beforeEach, expect, it, vi} from 'vitest'
import {openSqliteState} from '../../../src/lib/store/sqlite/state/store.ts'
import {type Running, type Sandbox, sandbox} from '../../run-bin.ts'
import {notes} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const patience = {timeout: 15_000, interval: 20}
let box: Sandbox
let running: Running[] = []

beforeEach(() => {
  box = sandbox()
})
afterEach(async () => {
  for (const {child} of running) child.kill('SIGTERM')
  await Promise.all(running.map(({finished}) => finished))
  running = []
  box.remove()
})

function serve(webhooks: object[]): Running {
  const config = path.join(box.folder, 'serve.json')
  writeFileSync(config, JSON.stringify({webhooks, security: {ws: {enabled: false}}, retry: {initialDelayMs: 100}}))
  const process = box.start(['serve', '--config', config])
  running.push(process)
  return process
}

async function emit(n: number, more: string[] = []): Promise<void> {
  const args = ['emit', '--type', 'note.added', '--agent', 'main', '--data', JSON.stringify({n}), ...more]
  expect(await box.run(args)).toMatchObject({code: 0})
}

async function json(...args: string[]) {
  const {code, stdout, stderr} = await box.run([...args, '--json'])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  return JSON.parse(stdout)
}

it('lists what was not delivered, sends it again, and lets a disabled endpoint go on', async () => {
  let alertStatus = 422
  let goneStatus = 410
  const alerts = await startReceiver(() => alertStatus)
  const gone = await startReceiver(() => goneStatus)
  expect(await json('deliveries', 'list')).toEqual({readers: [], deliveries: [], hasMore: false})
  const served = serve([
    {url: alerts.url, name: 'alerts', filters: {types: ['note.*']}},
    {url: gone.url, name: 'gone'},
  ])
  await served.until('webhook:')
  const placed = async () => (await json('deliveries', 'list')).readers.length
  await vi.waitFor(async () => expect(await placed()).toBe(2), patience)
  for (const n of [0, 1, 2]) await emit(n)
  await vi.waitFor(async () => {
    const {readers} = await json('deliveries', 'list')
    expect(readers).toMatchObject([
      {reader: 'webhook:alerts', state: 'running', behind: 0, waiting: 0, dead: 3},
      {reader: 'webhook:gone', state: 'disabled', reason: 'status 410: the endpoint wants no more events'},
    ])
  }, patience)

  const {deliveries} = await json('deliveries', 'list', '--reader', 'alerts', '--where', 'data.n > 0')
  expect(deliveries.map((delivery: {event: {data: {n: number}}}) => delivery.event.data.n)).toEqual([1, 2])
  expect(deliveries[0]).toMatchObject({reader: 'webhook:alerts', state: 'dead', attempts: 1, lastError: 'status 422'})
  const table = await box.run(['deliveries', 'list', '--status', 'dead', '--limit', '2'])
  expect(table.stdout).toMatch(/reader +state +behind +waiting +dead/)
  expect(table.stdout).toMatch(/webhook:gone +disabled .* status 410: the endpoint wants no more events/)
  expect(table.stdout.match(/note\.added +main +dead +1 +status 422/g)).toHaveLength(2)
  expect(table.stderr).toContain('there are more than these 2; --limit shows them')

  alertStatus = 200
  expect(await json('deliveries', 'retry', '--where', 'data.n == 1')).toEqual({
    retried: 1,
    readers: [{reader: 'webhook:alerts', retried: 1}],
  })
  await vi.waitFor(() => expect(alerts.taken).toHaveLength(1), patience)
  expect(await json('deliveries', 'drop', '--where', 'data.n == 2', '--yes')).toEqual({dropped: 1})
  expect(await json('deliveries', 'retry', '--all')).toMatchObject({retried: 1})
  await vi.waitFor(() => expect(alerts.taken).toHaveLength(2), patience)
  expect(await json('deliveries', 'retry', '--all')).toEqual({retried: 0, readers: []})

  goneStatus = 200
  expect(await json('deliveries', 'enable', 'gone')).toEqual({reader: 'webhook:gone', enabled: true})
  // The three, and that it was disabled.
  await vi.waitFor(() => expect(gone.taken).toHaveLength(4), patience)
  expect(await json('deliveries', 'enable', 'webhook:gone')).toEqual({reader: 'webhook:gone', enabled: false})
  served.child.kill('SIGTERM')
  expect(await served.finished).toMatchObject({code: 130})
  expect((await json('deliveries', 'list')).readers).toMatchObject([{state: 'stopped'}, {state: 'stopped'}])
  expect(await json('deliveries', 'forget', 'gone', '--yes')).toEqual({reader: 'webhook:gone', waiting: 0, dead: 0})
  expect((await json('deliveries', 'list')).readers).toMatchObject([{reader: 'webhook:alerts'}])
}, 60_000)

it('goes on where it stopped when serve is started again', async () => {
  const receiver = await startReceiver()
  const first = serve([{url: receiver.url, name: 'a'}])
  const placed = async () => (await json('deliveries', 'list')).readers.length
  await vi.waitFor(async () => expect(await placed()).toBe(1), patience)
  await emit(0)
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), patience)
  first.child.kill('SIGTERM')
  await first.finished
  await emit(1)
  await emit(2)
  expect((await json('deliveries', 'list')).readers).toMatchObject([{behind: 2}])
  serve([{url: receiver.url, name: 'a'}])
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(3), patience)
  expect(new Set(receiver.taken).size).toBe(3)
}, 60_000)

it('says what is wrong with what it was asked', async () => {
  const nothing = await box.run(['deliveries', 'retry'])
  expect(nothing).toMatchObject({code: 2, stderr: expect.stringContaining('nothing says which dead letters')})
  expect(await box.run(['deliveries', 'drop'])).toMatchObject({code: 2})
  const missing = await box.run(['deliveries', 'enable', 'alerts'])
  expect(missing).toMatchObject({code: 1, stderr: expect.stringContaining('no sink has run for')})

  const state = await openSqliteState(path.join(box.env.OPENCLAW_STATE_DIR!, 'claw-events'))
  const [event] = notes(1)
  const letter = {
    eventId: 'n0',
    position: '1',
    state: 'dead' as const,
    attempts: 3,
    nextAt: 0,
    addedAt: 0,
    event: event!,
  }
  const put = [{...letter, lastError: '\u001b[31mstatus 500'}]
  await state.commit({reader: 'webhook:alerts', cursor: {log: 'elsewhere', position: '1'}, put})
  await state.close()
  const wrong = await box.run(['deliveries', 'enable', 'alert'])
  expect(wrong).toMatchObject({code: 2, stderr: expect.stringContaining('did you mean alerts?')})
  const {stdout, stderr} = await box.run(['deliveries', 'list'])
  // What lies in the events of others is made safe for a terminal; a place in another log has no distance.
  expect(stdout).not.toContain('\u001b')
  expect(stdout).toMatch(/webhook:alerts +stopped +- +0 +1/)
  expect(stderr).toContain('the log cannot be asked how far behind readers are: there is no event log at')
  const unsure = await box.run(['deliveries', 'drop', '--reader', 'alerts'])
  expect(unsure).toMatchObject({code: 2, stderr: expect.stringContaining('add --yes')})
})
