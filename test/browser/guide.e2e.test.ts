import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it, vi} from 'vitest'
import {event} from '../contracts/event-store/events.ts'
import {type Gateway, openPage, servePage, startBrowser, startGateway} from './stage.ts'

const guide = readFileSync(path.join(import.meta.dirname, '..', '..', 'docs', 'websocket.md'), 'utf8')
const program = /### Browser.*?```js\n(.*?)```/s.exec(guide)![1]!

const until = (check: () => void) => vi.waitFor(check, {timeout: 15_000, interval: 20})
const tool = (id: string) => event(id, {type: 'tool.called', data: {toolName: id}})

/** The program in a page, for which the guide's port is the gateway's. */
async function run(code: string, {port}: Gateway): Promise<string[]> {
  const browser = await startBrowser({'127.0.0.1:9011': `127.0.0.1:${port}`})
  const pages = await servePage(`<!doctype html><title>The guide</title><script>${code}</script>`)
  return (await openPage(browser, `http://localhost:${pages}/`)).said
}

/** Appends until the page says so, which it does as soon as it has subscribed. */
async function appendUntilSaid({store}: Gateway, said: string[]): Promise<void> {
  let tries = 0
  await vi.waitFor(
    async () => {
      await store.append([tool(`try-${tries++}`)])
      expect(said.join('\n')).toContain('try-')
    },
    {timeout: 15_000, interval: 50},
  )
}

describe("the guide's program for browsers", () => {
  it('runs as it stands there, and goes on where it was when the server comes again', async () => {
    const gateway = await startGateway()
    const said = await run(program, gateway)
    await appendUntilSaid(gateway, said)
    await gateway.kill()
    await gateway.store.append([tool('meanwhile'), event('other'), tool('and-more')])
    await gateway.restart()
    await until(() => expect(said.at(-1)).toContain('and-more'))
    await gateway.store.append([tool('live')])
    await until(() => expect(said.at(-1)).toContain('live'))
    const {timestamp} = tool('live')
    const lines = said.filter((line) => !/WebSocket connection to/.test(line))
    expect(lines.slice(-3).map((line) => line.split(' ').at(-1))).toEqual(['meanwhile', 'and-more', 'live'])
    expect(lines.at(-1)).toBe(`${timestamp} main tool.called live`)
    // Nothing twice, nothing of another kind, and no error of the program's own.
    expect(new Set(lines).size).toBe(lines.length)
    expect(lines.filter((line) => !line.includes(' tool.called '))).toEqual([])
  })

  it('gets in with a token, whatever stands in it', async () => {
    const token = 'a/secret+with=signs?'
    const gateway = await startGateway({requireAuth: true, authToken: token})
    const said = await run(program.replace("token = ''", `token = '${token}'`), gateway)
    await appendUntilSaid(gateway, said)
    expect(said.filter((line) => !line.includes(' tool.called '))).toEqual([])
  })

  it('says nothing but that it is refused where a token is missing', async () => {
    const gateway = await startGateway({requireAuth: true, authToken: 'a token'})
    const said = await run(program, gateway)
    // It goes on trying.
    await until(() => expect(said.length).toBeGreaterThan(1))
    await gateway.store.append([tool('secret')])
    const before = said.length
    await until(() => expect(said.length).toBeGreaterThan(before))
    expect(said.filter((line) => !line.includes('HTTP Authentication failed'))).toEqual([])
  })
})
