import type {Socket} from 'node:net'
import type {WebSocket} from 'ws'
import {textFrame} from './frame.ts'
import type {WebSocketLimits} from './limits.ts'
import type {Rights} from './rights.ts'

/** One connected client: what is sent to it, and whether it takes it. */
export interface Connection {
  readonly rights: Rights
  /** For the operator's log. */
  readonly address: string
  isOpen(): boolean
  /** Bytes that wait in this process. */
  backlog(): number
  /** Whether so many more bytes keep within its buffer; an empty buffer takes anything. */
  hasRoom(bytes: number): boolean
  /** Whether the others should wait for it a little. */
  isBehind(): boolean
  /** Nobody waits for it any more, until it has taken all that waits. */
  setLate(): void
  /** Sends whole frames. */
  write(frames: Buffer): void
  /** Sends one message of the protocol. A client that asks on and on and takes no answers is dropped. */
  reply(message: object): void
  /** Resolves when nothing waits any more, or the connection is over. */
  drained(): Promise<void>
  /** Called every `pingMs`: drops a client that gave no sign of life since the last call. */
  beat(): void
  close(code: number, reason: string): void
  terminate(): void
}

export interface ConnectionOptions {
  rights: Rights
  limits: WebSocketLimits
  /** Asks for a large buffer; undefined when all are in use. The answer gives it back. */
  claimBuffer(client: Socket): (() => void) | undefined
}

/** Beats without a sign of life before the end, where the client was asked, and where bytes still wait for it. */
const patience = {asked: 1, waiting: 4}

export function createConnection(
  ws: WebSocket,
  socket: Socket,
  {rights, limits, claimBuffer}: ConnectionOptions,
): Connection {
  const waiters = new Set<() => void>()
  let isLate = false
  /** Bytes of answers that it has not taken. */
  let answered = 0
  let isAlive = true
  let silentBeats = 0
  let hadBacklog = false
  let taken = 0

  let giveBack: (() => void) | undefined

  function hasRoom(bytes: number): boolean {
    const wanted = backlog() + bytes
    if (backlog() === 0 || wanted <= limits.bufferBytes / 8) return true
    if (wanted > limits.bufferBytes) return false
    giveBack ??= claimBuffer(socket)
    return giveBack !== undefined
  }

  function wakeWaiters(): void {
    isLate = false
    giveBack?.()
    giveBack = undefined
    for (const wake of waiters) wake()
    waiters.clear()
  }

  const isOpen = () => ws.readyState === ws.OPEN
  const backlog = () => socket.writableLength

  for (const sign of ['message', 'ping', 'pong']) {
    ws.on(sign, () => {
      isAlive = true
    })
  }
  socket.on('drain', wakeWaiters)
  socket.on('close', wakeWaiters)

  return {
    rights,
    address: socket.remoteAddress ?? '',
    isOpen,
    backlog,
    hasRoom,
    isBehind: () => !isLate && isOpen() && backlog() > limits.waitBytes,
    setLate() {
      isLate = true
    },
    write(frames) {
      // Past `ws`: without compression it puts each frame on the socket whole, so frames of ours may stand between.
      if (isOpen()) socket.write(frames)
    },
    reply(message) {
      const frame = textFrame(JSON.stringify(message))
      answered = socket.writableNeedDrain ? answered + frame.length : 0
      if (answered > limits.answerBytes) ws.terminate()
      else if (isOpen()) socket.write(frame)
    },
    drained() {
      if (!isOpen() || !socket.writableNeedDrain) return Promise.resolve()
      return new Promise((resolve) => waiters.add(resolve))
    },
    beat() {
      const takenNow = socket.bytesWritten - backlog()
      const isTaking = takenNow > taken && (hadBacklog || backlog() > 0)
      silentBeats = isAlive || isTaking ? 0 : silentBeats + 1
      if (silentBeats >= (backlog() > 0 ? patience.waiting : patience.asked)) return ws.terminate()
      isAlive = false
      hadBacklog = backlog() > 0
      // Behind what waits, a ping would say nothing about the client.
      if (!hadBacklog) ws.ping()
      taken = hadBacklog ? takenNow : socket.bytesWritten
    },
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  }
}
