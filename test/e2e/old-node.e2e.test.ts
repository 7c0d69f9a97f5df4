import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {bin, sandbox} from '../run-bin.ts'

const box = sandbox()
/** Makes a Node believe that it is an old one, so that it hands over to the pinned one of the checkout. */
const old =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})'

beforeAll(async () => {
  expect((await box.run(['emit', '--type', 'note.added'])).code).toBe(0)
})
afterAll(() => box.remove())

function startOld(args: readonly string[]) {
  return spawn(process.execPath, ['--import', old, bin, ...args], {
    env: box.env,
    cwd: box.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Resolves with the text once the stream has said it. */
async function heard(stream: NodeJS.ReadableStream, text: string): Promise<string> {
  let said = ''
  for await (const chunk of stream) {
    said += String(chunk)
    if (said.includes(text)) return said
  }
  throw new Error(`ended without ${text}: ${said}`)
}

describe('started by an older Node', () => {
  it('passes on signals, and the exit code back', async () => {
    const wrapper = startOld(['tail'])
    await heard(wrapper.stderr, 'listening')
    wrapper.kill('SIGTERM')
    expect(await once(wrapper, 'exit')).toEqual([130, null])
  })

  it('leaves nothing running when it is killed', async () => {
    const wrapper = startOld(['tail', '--ndjson'])
    await heard(wrapper.stderr, 'listening')
    // The pipe closes when its last holder is gone, and that is the child.
    const ended = once(wrapper.stdout, 'close')
    wrapper.stdout.resume()
    wrapper.kill('SIGKILL')
    await ended
    expect(wrapper.signalCode).toBe('SIGKILL')
  }, 10_000)

  it('does not show its child how it was started', async () => {
    const wrapper = startOld(['config', 'check'])
    expect(await heard(wrapper.stdout, 'in order')).toContain('the configuration is in order')
  })
})
