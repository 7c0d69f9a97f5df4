import type {Browser} from 'playwright-core'
import type {StoredEvent} from '../../src/lib/event/envelope.ts'
import {type Opened, openPage, servePage} from './stage.ts'

/** A page as a consumer of the event-server plugin writes it: it connects, and keeps what comes. */
const watchPage = `<!doctype html>
<title>Agents</title>
<script>
  const messages = []
  let socket
  let closed
  function watch(...given) {
    closed = undefined
    socket = new WebSocket(...given)
    socket.onmessage = ({data}) => messages.push(JSON.parse(data))
    socket.onclose = ({code}) => { closed = code }
  }
</script>
`

export type Message = Record<string, unknown> & {type: string}

export interface Watcher extends Opened {
  /** Opens `new WebSocket(url, protocols)`; resolves when it is open, or closed with what the console says of it. */
  watch(url: string, protocols?: string[]): Promise<'open' | string>
  send(message: object): Promise<void>
  /** All that came, in its order. */
  messages(): Promise<Message[]>
  events(): Promise<StoredEvent[]>
  /** Resolves when this expression of the page is true. */
  until(expression: string): Promise<unknown>
}

/** Opens the page under the name of a host, such as `http://localhost`, and a port of its own. */
export async function openWatcher(browser: Browser, host = 'http://localhost'): Promise<Watcher> {
  return watcherOf(await openPage(browser, `${host}:${await servePage(watchPage)}/`))
}

/** Opens it as if another machine had served it from this URL. */
export async function openRoutedWatcher(browser: Browser, url: string): Promise<Watcher> {
  return watcherOf(await openPage(browser, url, watchPage))
}

function watcherOf(opened: Opened): Watcher {
  const {page, said} = opened
  const until = (expression: string) => page.waitForFunction(expression, undefined, {polling: 10, timeout: 15_000})
  const messages = () => page.evaluate<Message[]>('messages')
  return {
    ...opened,
    until,
    messages,
    async watch(url, protocols) {
      const before = said.length
      const given = protocols === undefined ? [url] : [url, protocols]
      await page.evaluate(`watch(...${JSON.stringify(given)})`)
      await until('socket.readyState === WebSocket.OPEN || closed !== undefined')
      const isOpen = await page.evaluate('socket.readyState === WebSocket.OPEN')
      return isOpen ? 'open' : said.slice(before).join('\n')
    },
    send: (message) => page.evaluate(`socket.send(${JSON.stringify(JSON.stringify(message))})`),
    async events() {
      return (await messages()).filter((message) => 'eventId' in message) as Message[] & StoredEvent[]
    },
  }
}
