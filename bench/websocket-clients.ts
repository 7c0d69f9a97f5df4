// Clients of the WebSocket bench: they shake hands, and count what comes. Reading frames would measure the reader.
import net from 'node:net'

let received: number[] = []
let wanted = Number.POSITIVE_INFINITY
let greeted = 0

process.on('message', ({port, clients, bytes}: {port?: number; clients?: number; bytes?: number}) => {
  if (bytes !== undefined) {
    wanted = bytes
    check()
    return
  }
  received = []
  wanted = Number.POSITIVE_INFINITY
  greeted = 0
  for (let index = 0; index < (clients ?? 0); index++) open(port ?? 0, index, clients ?? 0)
})
process.send?.('ready')

function open(port: number, index: number, clients: number): void {
  const socket = net.connect(port, '127.0.0.1')
  let head: string | undefined = ''
  received[index] = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', (data) => {
    if (head !== undefined) {
      // The answer, and behind it the greeting.
      head += data.toString('latin1')
      if (!/\r\n\r\n.*welcome/s.test(head)) return
      head = undefined
      if (++greeted === clients) process.send?.('connected')
      return
    }
    received[index]! += data.length
    check()
  })
  const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const key = Buffer.from(`client number ${index}..`.slice(0, 16).padEnd(16, '.')).toString('base64')
  socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers.join('\r\n')}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
}

function check(): void {
  if (received.every((count) => count >= wanted)) {
    wanted = Number.POSITIVE_INFINITY
    process.send?.('received')
  }
}
