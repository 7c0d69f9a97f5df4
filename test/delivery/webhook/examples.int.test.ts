import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {expect, it, onTestFinished, vi} from 'vitest'
import {createEventSigner} from '../../../src/lib/delivery/event-signature.ts'
import {makeEvent} from '../../../src/lib/event/make.ts'
import {openBench} from '../fixtures.ts'
import {noteIds, notes, sinkFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const root = path.join(import.meta.dirname, '..', '..', '..')
const folder = path.join(root, 'examples', 'webhooks')
const patience = {timeout: 10_000, interval: 10}
const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

it.each([
  ['Node', process.execPath, 'receiver.mjs'],
  ['Python', 'python3', 'receiver.py'],
])(
  'the example receiver in %s takes each signed event once, and nothing that is not signed',
  async (_language, command, name) => {
    const child = spawn(command, [path.join(folder, name), '0'], {
      env: {...process.env, WEBHOOK_SECRET: secret},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill())
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    await once(child.stdout, 'data')
    const url = /http:\S+/.exec(printed)![0]
    const bench = await openBench()
    await bench.store.append(notes(20))
    // Twice from the start: the second time are repeats.
    for (const name of ['first', 'second']) {
      const sink = await sinkFor(url, {secret, name})
      const {stop} = bench.start(sink)
      await vi.waitFor(() => expect(sink.status().delivered).toBe(20), patience)
      await stop()
    }
    const headers = {'webhook-id': 'n99', 'webhook-timestamp': String(Math.floor(Date.now() / 1000))}
    expect((await fetch(url, {method: 'POST', body: '{}', headers})).status).toBe(401)
    const signature = `v1,${Buffer.alloc(32).toString('base64')}`
    const forged = {...headers, 'webhook-signature': signature}
    expect((await fetch(url, {method: 'POST', body: '{}', headers: forged})).status).toBe(401)
    await vi.waitFor(() => expect(printed.trim().split('\n')).toHaveLength(21), patience)
    const ids = printed
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ').at(-1))
    expect(ids.toSorted()).toEqual(noteIds(20).toSorted())
  },
)

it.each(['sha256', 'sha512'] as const)(
  'the example for the signature inside an event knows a genuine one, %s',
  async (algorithm) => {
    const example = path.join(folder, 'verify-event.mjs')
    const {verifyEvent} = (await import(example)) as {verifyEvent(body: string, secret: string): boolean}
    const bench = await openBench()
    const receiver = await startReceiver()
    const data = {text: 'häh? 🦀 "," \\u0022', 2: 1, 1: 2, large: 1e21, small: 1e-7, signature: {version: 'v1'}}
    await bench.store.append([makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data})])
    const signEvent = createEventSigner({secret: 's3', algorithm, now: Date.now})
    const {stop} = bench.start(await sinkFor(receiver.url, {}, {parts: {signEvent}}))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), patience)
    await stop()
    const {body} = receiver.requests[0]!
    expect(verifyEvent(body, 's3')).toBe(true)
    expect(verifyEvent(body, 's4')).toBe(false)
    expect(verifyEvent(body.replace('note.added', 'note.added2'), 's3')).toBe(false)
    expect(verifyEvent('{}', 's3')).toBe(false)
    // In Python, which writes JSON another way, by the text as it came.
    const last = body.slice(0, -1)
    const forged = [
      [body, 's4'],
      [body.replace('note.added', 'note.added2'), 's3'],
      // The later one of two counts for whoever reads it; and what comes after the signature is not signed.
      [`${last},"type":"tool.called"}`, 's3'],
      [`${last},"signature":{"version":"v1"}}`, 's3'],
      [body.replace(`"algorithm":"${algorithm}"`, '"algorithm":["md5"]'), 's3'],
      [body.replace(/"timestamp":(\d+),"nonce"/, '"timestamp":"$1","nonce"'), 's3'],
      [JSON.stringify(JSON.parse(body), null, 1), 's3'],
      ['{}', 's3'],
      ['', 's3'],
    ]
    expect(forged.filter(([text]) => text === body)).toHaveLength(1)
    const judge = `import json, sys; from verify_event import verify_event
print(json.dumps([verify_event(*case) for case in json.load(sys.stdin)]))`
    const answers = python(['-c', judge], JSON.stringify([[body, 's3'], ...forged]))
    expect(JSON.parse(answers)).toEqual([true, ...forged.map(() => false)])
    expect(python([path.join(folder, 'verify_event.py'), 's3'], body)).toBe('genuine\n')
  },
)

/** What a program of Python prints that finds the examples. */
function python(args: string[], input: string): string {
  const env = {...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1'}
  const {error, stdout, stderr} = spawnSync('python3', args, {input, env, encoding: 'utf8'})
  if (error !== undefined) throw error
  return `${stdout}${stderr}`
}

it('the page shows the examples as they are', () => {
  const page = readFileSync(path.join(root, 'docs', 'webhooks.md'), 'utf8')
  for (const name of ['receiver.mjs', 'receiver.py', 'verify-event.mjs', 'verify_event.py']) {
    expect(page, name).toContain(readFileSync(path.join(folder, name), 'utf8'))
  }
})
