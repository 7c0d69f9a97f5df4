import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {allOf, event, eventsUpTo, ids} from '../contracts/event-store/events.ts'
import {startBrowser, startGateway} from './stage.ts'
import {openRoutedWatcher, openWatcher} from './watch-page.ts'

describe('a page of this machine', () => {
  it.each(['http://localhost', 'http://127.0.0.1'])(
    'of %s gets the welcome, then each event that is recorded, in the order of the log',
    async (origin) => {
      const gateway = await startGateway()
      await gateway.store.append([event('before')])
      const page = await openWatcher(await startBrowser(), origin)
      expect(await page.watch(gateway.url)).toBe('open')
      await page.until('messages.length === 1')
      const written = eventsUpTo(500, (index) => ({data: {content: `${index} é€😀`.repeat(1 + (index % 50))}}))
      for (let from = 0; from < written.length; from += 20) await gateway.store.append(written.slice(from, from + 20))
      await gateway.emit('deploy.finished', {version: '1.4.2'})
      await page.until('messages.length === 502')
      const [welcome] = await page.messages()
      expect(welcome).toEqual({
        type: 'welcome',
        message: 'Connected to OpenClaw Event Server broadcast',
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      })
      const [, ...recorded] = await allOf(gateway.store.read({}))
      expect(recorded.at(-1)).toMatchObject({type: 'deploy.finished', data: {version: '1.4.2'}})
      expect(await page.events()).toEqual(JSON.parse(JSON.stringify(recorded)))
      expect(page.said).toEqual([])
    },
  )

  it('gets in with a token among its protocols, and sees what that token may see', async () => {
    const authToken = 'a/secret+with=signs?'
    const tokens = [{token: 'one of the writer', agents: ['writer']}]
    const gateway = await startGateway({requireAuth: true, authToken, tokens})
    const browser = await startBrowser()
    const all = await openWatcher(browser)
    const writers = await openWatcher(browser)
    expect(await all.watch(gateway.url, protocolsOf(authToken))).toBe('open')
    expect(await writers.watch(gateway.url, protocolsOf('one of the writer'))).toBe('open')
    // A browser drops the connection unless the server answers with one of the protocols, which is not the secret one.
    expect(await all.page.evaluate('socket.protocol')).toBe('claw-events')
    await Promise.all([all, writers].map((page) => page.until('messages.length === 1')))
    await gateway.store.append(eventsUpTo(4, (index) => ({agentId: index % 2 ? 'writer' : 'main'})))
    await all.until('messages.length === 5')
    await writers.until('messages.length === 3')
    expect(ids(await all.events())).toEqual(['e-0', 'e-1', 'e-2', 'e-3'])
    expect(ids(await writers.events())).toEqual(['e-1', 'e-3'])
  })

  it('gets nothing without a token, or with a wrong one, where one is needed', async () => {
    const gateway = await startGateway({requireAuth: true, authToken: 'the token'})
    const page = await openWatcher(await startBrowser())
    const refused = /HTTP Authentication failed/
    expect(await page.watch(gateway.url)).toMatch(refused)
    expect(await page.watch(gateway.url, ['claw-events'])).toMatch(refused)
    expect(await page.watch(gateway.url, protocolsOf('another token'))).toMatch(refused)
    expect(await page.watch(`${gateway.url}?token=another`)).toMatch(refused)
    expect(await page.messages()).toEqual([])
    expect(await page.watch(gateway.url, protocolsOf('the token'))).toBe('open')
  })
})

describe('a page of somebody else', () => {
  const refused = /handshake: Unexpected response code: 403/

  it('gets nothing, not even with the token, unless its origin is listed', async () => {
    const browser = await startBrowser({'evil.test': '127.0.0.1'})
    const page = await openWatcher(browser, 'http://evil.test')
    const origin = new URL(page.page.url()).origin
    const settings = {authToken: 'the token'}
    const gateway = await startGateway(settings)
    expect(await page.watch(gateway.url)).toMatch(refused)
    expect(await page.watch(gateway.url, protocolsOf('the token'))).toMatch(refused)
    expect(await page.watch(`${gateway.url}?token=${encodeURIComponent('the token')}`)).toMatch(refused)
    expect(await page.messages()).toEqual([])
    // It is the server that decides: the browser lets this page connect.
    const friendly = await startGateway({...settings, allowedOrigins: [origin]})
    expect(await page.watch(friendly.url)).toBe('open')
  })

  it('gets nothing out of a frame without an origin, nor by plain requests', async () => {
    const gateway = await startGateway()
    const page = await openWatcher(await startBrowser({'evil.test': '127.0.0.1'}), 'http://evil.test')
    const framed = `<script>
      const socket = new WebSocket('${gateway.url}')
      socket.onopen = () => parent.postMessage('open', '*')
      socket.onclose = () => parent.postMessage('closed', '*')
    </script>`
    const answer = page.page.evaluate(`new Promise((resolve) => {
      onmessage = ({data}) => resolve(data)
      const frame = document.createElement('iframe')
      frame.sandbox = 'allow-scripts'
      frame.srcdoc = ${JSON.stringify(framed).replaceAll('</', '<\\/')}
      document.body.append(frame)
    })`)
    expect(await answer).toBe('closed')
    expect(page.said.join('\n')).toMatch(refused)
    for (const place of ['', 'health']) {
      const url = gateway.url.replace('ws:', 'http:') + place
      const asked = page.page.evaluate(`fetch('${url}').then((r) => r.text(), ({name}) => name)`)
      expect(await asked, place).toBe('TypeError')
    }
  })

  it('gets nothing by a name of its own that leads to this machine', async () => {
    const page = await openWatcher(await startBrowser({'rebind.test': '127.0.0.1'}), 'http://rebind.test')
    const {origin} = new URL(page.page.url())
    // Not by the Origin, and where that is no obstacle not by the Host.
    for (const allowedOrigins of [[], [origin]]) {
      const gateway = await startGateway({allowedOrigins})
      expect(await page.watch(`ws://rebind.test:${gateway.port}/`)).toMatch(refused)
    }
    expect(await page.messages()).toEqual([])
    // A name that leads here on purpose, that of a proxy say, comes with a token.
    const proxied = await startGateway({allowedOrigins: [origin], authToken: 'the token'})
    expect(await page.watch(`ws://rebind.test:${proxied.port}/`)).toMatch(refused)
    expect(await page.watch(`ws://rebind.test:${proxied.port}/`, protocolsOf('the token'))).toBe('open')
  })

  it("gets nothing if it comes from the server's own port, before its name was made to lead to this machine", async () => {
    const {port} = await startGateway()
    // Chromium itself would not let such a page connect to an address that it knows for a local one.
    const browser = await startBrowser({'rebind.test': '127.0.0.1'}, [
      `--ip-address-space-overrides=127.0.0.1:${port}=public`,
    ])
    const page = await openRoutedWatcher(browser, `http://rebind.test:${port}/`)
    expect(await page.watch(`ws://rebind.test:${port}/`)).toMatch(refused)
    // Plain requests are of its own origin here; they tell nothing of the log.
    const told = {status: 'ok', error: expect.stringContaining('this is a WebSocket endpoint')}
    expect(await page.page.evaluate(`fetch('/').then((r) => r.json())`)).toEqual(told)
    expect(await page.messages()).toEqual([])
  })
})

describe('a subscription of a page', () => {
  it('gets every event once and in order, though the server is killed and comes again', async () => {
    const gateway = await startGateway()
    const page = await openWatcher(await startBrowser())
    const written = eventsUpTo(900, (index) => ({
      type: index % 3 === 0 ? 'tool.called' : 'message.received',
      agentId: index % 2 ? 'writer' : 'main',
      data: {n: index},
    }))
    const wanted = written.filter(
      ({type, agentId, data}) => type === 'tool.called' && agentId === 'main' && Number(data['n']) >= 30,
    )
    const filter = {types: ['tool.*'], agents: ['main'], where: 'data.n >= 30'}
    const place = "messages.findLast((message) => message.eventId)?.position ?? 'start'"
    const gotten = async () => (await page.events()).length

    await gateway.store.append(written.slice(0, 300))
    for (let next = 300; next < written.length; next += 200) {
      const before = await gotten()
      expect(await page.watch(`${gateway.url}?quiet`)).toBe('open')
      await page.send({type: 'subscribe', from: await page.page.evaluate(place), filter})
      // It is killed in the middle of what comes from the log and of what comes live.
      const writing = appendInPieces(gateway.store, written.slice(next, next + 100))
      await page.until(`messages.filter((message) => message.eventId).length > ${before + 20}`)
      await gateway.kill()
      await page.until('closed === 1006')
      await writing
      await gateway.store.append(written.slice(next + 100, next + 200))
      await gateway.restart()
    }
    expect(await gotten()).toBeLessThan(wanted.length)
    expect(await page.watch(`${gateway.url}?quiet`)).toBe('open')
    await page.send({type: 'subscribe', from: await page.page.evaluate(place), filter})
    await page.until(`messages.some(({eventId}) => eventId === '${wanted.at(-1)!.eventId}')`)
    expect(ids(await page.events())).toEqual(ids(wanted))
  })
})

async function appendInPieces(store: EventStore, events: ClawEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += 5) await store.append(events.slice(from, from + 5))
}

/** As the guide tells browsers to pass a token. */
function protocolsOf(token: string): string[] {
  return ['claw-events', `claw-events.token.${Buffer.from(token).toString('base64url')}`]
}
