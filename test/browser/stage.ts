import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type Browser, chromium, type Page} from 'playwright-core'
import {expect, onTestFinished} from 'vitest'
import type {ConfigInput} from '../../src/lib/config/schema.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {startServer} from '../net/local-server.ts'
import {type Running, sandbox} from '../run-bin.ts'

type WebSocketInput = NonNullable<NonNullable<ConfigInput['security']>['ws']>

export interface Gateway {
  /** The log that it serves; what is appended here is another process's doing for it. */
  store: EventStore
  port: number
  url: string
  /** Records one event with the command line. */
  emit(type: string, data: object): Promise<void>
  kill(): Promise<void>
  /** Starts it once more, on the same port. */
  restart(): Promise<void>
}

/** A built `claw-events serve` with a state directory and an embedded log of its own. */
export async function startGateway(settings: WebSocketInput = {}): Promise<Gateway> {
  const box = sandbox()
  onTestFinished(() => box.remove())
  const file = path.join(box.env['OPENCLAW_STATE_DIR']!, 'claw-events', 'events.db')
  mkdirSync(path.dirname(file), {recursive: true})
  const store = await openSqliteStore(file)
  onTestFinished(() => store.close())
  const config = path.join(box.folder, 'serve.json')

  async function start(wanted: number): Promise<{served: Running; port: number}> {
    writeFileSync(config, JSON.stringify({security: {ws: {...settings, ports: [wanted]}}}))
    const served = box.start(['serve', '--config', config])
    onTestFinished(() => end(served))
    const listening = /websocket: running at ws:\/\/127\.0\.0\.1:(\d+)/
    await served.until(listening)
    return {served, port: Number(listening.exec(served.stderr())![1])}
  }

  let {served, port} = await start(0)
  return {
    store,
    port,
    url: `ws://127.0.0.1:${port}/`,
    async emit(type, data) {
      expect(await box.run(['emit', '--type', type, '--data', JSON.stringify(data)])).toMatchObject({code: 0})
    },
    kill: () => end(served),
    async restart() {
      ;({served} = await start(port))
    },
  }
}

async function end({child, finished}: Running): Promise<void> {
  child.kill('SIGKILL')
  await finished
}

/**
 * A headless Chromium in which these names, each a host or a host with a port, lead to an address of this machine, and
 * every other name nowhere.
 */
export async function startBrowser(names: Record<string, string> = {}, args: string[] = []): Promise<Browser> {
  const known = {...names, localhost: '127.0.0.1', '127.0.0.1': '127.0.0.1'}
  const rules = Object.entries({...known, '*': '~NOTFOUND'}).map(([name, address]) => `MAP ${name} ${address}`)
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-proxy-server',
      `--host-resolver-rules=${rules.join(', ')}`,
      ...args,
    ],
  })
  onTestFinished(() => browser.close())
  return browser
}

/** A server of this page on the loopback address; its port. */
export async function servePage(html: string): Promise<number> {
  const server = await startServer((_request, response) => {
    response.writeHead(200, {'content-type': 'text/html; charset=utf-8'}).end(html)
  })
  onTestFinished(() => server.close())
  return server.port
}

/** An opened page, and what its console said, one line each. */
export interface Opened {
  page: Page
  said: string[]
}

/** Opens a page; with `html`, as if another machine had served that from this URL. */
export async function openPage(browser: Browser, url: string, html?: string): Promise<Opened> {
  const page = await browser.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(`uncaught: ${error.message}`))
  if (html !== undefined) {
    await page.route(url, (route) => route.fulfill({contentType: 'text/html; charset=utf-8', body: html}))
  }
  await page.goto(url)
  await page.unrouteAll()
  return {page, said}
}
