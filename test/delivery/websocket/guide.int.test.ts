import {spawn} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {createEventSigner} from '../../../src/lib/delivery/event-signature.ts'
import {event} from '../../contracts/event-store/events.ts'
import {afterwards, openScene, type Scene, tempFolder, until} from './scene.ts'

const root = path.join(import.meta.dirname, '..', '..', '..')
const guide = readFileSync(path.join(root, 'docs', 'websocket.md'), 'utf8')

/** The program of the guide that stands under a heading, for a server on another port. */
function program(heading: string, {port}: Scene, token = ''): string {
  const code = /```js\n(.*?)```/s.exec(guide.slice(guide.indexOf(heading)))?.[1] ?? ''
  return code.replaceAll(':9011', `:${port}`).replace("token = ''", `token = '${token}'`).replace('TOKEN', token)
}

/** Runs it where it finds our packages, and resolves with its output so far whenever that is looked at. */
function run(code: string): {output: () => string} {
  const file = path.join(tempFolder(), 'program.mjs')
  writeFileSync(file, code.replace("from 'ws'", `from '${path.join(root, 'node_modules', 'ws', 'wrapper.mjs')}'`))
  const child = spawn(process.execPath, [file], {stdio: ['ignore', 'pipe', 'inherit']})
  afterwards(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  return {output: () => output}
}

const settings = {requireAuth: true, authToken: 'a/secret+with=signs?'}
const tool = (id: string) => event(id, {type: 'tool.called', data: {toolName: id}})

describe('the guide', () => {
  it('has a program for browsers that goes on where it was when the server comes again', async () => {
    const first = await openScene({settings})
    const ports = [first.port]
    const {output} = run(program('### Browser', first, settings.authToken))
    await until(() => first.sink.status().details?.['clients'] === 1, 'it is connected')
    await until(async () => {
      await first.store.append([tool(`try-${performance.now()}`)])
      return output().includes('try-')
    }, 'an event is printed')
    await first.stop()
    await first.store.append([tool('meanwhile'), event('other'), tool('and-more')])
    await openScene({settings: {...settings, ports}, store: first.store})
    await until(() => output().includes('and-more'), 'it has gone on')
    expect(output()).toMatch(/meanwhile\n[^\n]*and-more\n$/)
  })

  it('has a program with `ws` that acknowledges', async () => {
    const scene = await openScene({settings})
    const {output} = run(program('### Node with', scene, settings.authToken))
    await until(async () => (await scene.state.cursor('websocket:indexer')) !== undefined, 'it is known')
    await scene.store.append([tool('e-1')])
    await until(() => output().includes('tool.called'), 'an event is printed')
    const position = await scene.store.head()
    await until(
      async () => (await scene.state.cursor('websocket:indexer'))?.position === position,
      'its place is saved',
    )
  })

  it('has a function that tells genuine frames from others', async () => {
    const file = path.join(tempFolder(), 'genuine.mjs')
    writeFileSync(file, /```js\n(.*?)```/s.exec(guide.slice(guide.indexOf('## Signatures')))?.[1] ?? '')
    const {isGenuine} = (await import(file)) as {isGenuine(frame: string, secret: string): boolean}
    const sign = createEventSigner({secret: 'the secret', algorithm: 'sha512', now: Date.now})
    const {store, connect} = await openScene({finish: sign})
    const client = await connect()
    const frames: string[] = []
    client.ws.on('message', (data) => frames.push(data.toString()))
    await store.append([event('e-1', {data: {content: 'é', 1: 'a', b: [1.5, null, {}]}})])
    await client.has(1)
    expect(isGenuine(frames[0]!, 'the secret')).toBe(true)
    expect(isGenuine(frames[0]!, 'another')).toBe(false)
    expect(isGenuine(frames[0]!.replace('main', 'mein'), 'the secret')).toBe(false)
  })
})
