import type {Socket} from 'node:net'
import {setTimeout as pause} from 'node:timers/promises'
import type {WebSocket} from 'ws'
import type {FollowHealth} from '../../store/port.ts'
import {type Connection, createConnection} from './connection.ts'
import type {Guest} from './gate.ts'
import type {WebSocketLimits} from './limits.ts'
import {type Hub, openSession, type Session} from './session.ts'
import {createShares} from './shares.ts'

/** The clients of one server. */
export interface Clients {
  add(ws: WebSocket, socket: Socket, guest: Guest, hub: Hub): void
  count(): number
  connections(): Iterable<Connection>
  tell(health: FollowHealth): void
  /** Takes leave of all, and resolves when they, and with them `server`, are gone: after `stopMs` at the latest. */
  close(server: Promise<void>, code: number, reason: string): Promise<void>
}

export function createClients(limits: WebSocketLimits): Clients {
  const sessions = new Map<Connection, Session>()
  const largeBuffers = createShares(limits.largeBuffers)
  /** Acknowledgements that are still to be saved. */
  const ending = new Set<Promise<void>>()
  const heart = setInterval(() => {
    for (const connection of sessions.keys()) connection.beat()
  }, limits.pingMs)

  function end(connection: Connection): void {
    const session = sessions.get(connection)
    if (session === undefined) return
    sessions.delete(connection)
    const ended = session.end().finally(() => ending.delete(ended))
    ending.add(ended)
  }

  return {
    add(ws, socket, guest, hub) {
      const connection = createConnection(ws, socket, {rights: guest.rights, limits, claimBuffer: largeBuffers.claim})
      ws.on('error', (error) => hub.diagnostics.debug(`WebSocket: client ${connection.address}: ${error.message}`))
      ws.on('close', () => end(connection))
      sessions.set(connection, openSession(ws, connection, hub, guest))
    },
    count: () => sessions.size,
    connections: () => sessions.keys(),
    tell(health) {
      for (const session of sessions.values()) session.tell(health)
    },
    async close(server, code, reason) {
      clearInterval(heart)
      const connections = [...sessions.keys()]
      for (const connection of connections) {
        end(connection)
        connection.close(code, reason)
      }
      const late = pause(limits.stopMs, undefined, {ref: false})
      await Promise.race([Promise.all([server, ...ending]), late])
      for (const connection of connections) connection.terminate()
      await server
    },
  }
}
