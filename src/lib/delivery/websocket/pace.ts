import {setTimeout} from 'node:timers/promises'
import type {Connection} from './connection.ts'

/**
 * Waits until every client has taken most of what it was sent: the log is read faster than any network takes it. Who
 * does not within `patienceMs` is not waited for again before it has taken everything.
 */
export async function waitForClients(clients: Iterable<Connection>, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  let behind = [...clients].filter((client) => client.isBehind())
  while (behind.length > 0) {
    if (performance.now() > deadline) {
      for (const client of behind) client.setLate()
      return
    }
    await setTimeout(1)
    behind = behind.filter((client) => client.isBehind())
  }
}
