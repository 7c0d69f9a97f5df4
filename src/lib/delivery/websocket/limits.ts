/** What one WebSocket server takes upon itself; nothing in it grows beyond these. */
export interface WebSocketLimits {
  /** Connected clients; one more gets 503. */
  clients: number
  /** TCP connections whose handshake is not done; when there are more, the oldest is dropped. */
  guests: number
  /** From the connection to the end of the handshake. */
  handshakeMs: number
  /** The longest message that a client may send. */
  messageBytes: number
  /** Messages of one client that wait to be dealt with; then its socket is not read for a while. */
  messages: number
  /** What waits in this process to be sent to one client, at most. */
  bufferBytes: number
  /** So many clients may use all of it; the others have an eighth. */
  largeBuffers: number
  /** What answers to its own questions may wait beside that; then it is dropped. */
  answerBytes: number
  /** A client with more than this to be sent is waited for, but not longer than `patienceMs`. */
  waitBytes: number
  patienceMs: number
  /** Between two pings; a client that gave no sign of life in between is dropped. */
  pingMs: number
  /** Subscriptions with different `where` or `text` conditions. */
  costlyFilters: number
  /** The longest that a `where` condition may take for one event. */
  whereMs: number
  /** Reads of the log for subscribers at a time. */
  reads: number
  /** Names of clients whose acknowledgements are kept. */
  names: number
  /** A name that was not heard of for this long gives way to a new one. */
  nameAgeMs: number
  /** Between two commits of one client's acknowledgements. */
  ackMs: number
  /** Until all ports are tried again. */
  portRetryMs: number
  /** How long clients have for the closing handshake when the server stops. */
  stopMs: number
}

export const defaultLimits: WebSocketLimits = {
  clients: 1000,
  guests: 256,
  handshakeMs: 10_000,
  messageBytes: 64 * 1024,
  messages: 32,
  bufferBytes: 8 * 1024 * 1024,
  largeBuffers: 32,
  answerBytes: 256 * 1024,
  waitBytes: 512 * 1024,
  patienceMs: 100,
  pingMs: 30_000,
  costlyFilters: 32,
  whereMs: 250,
  reads: 4,
  names: 100,
  nameAgeMs: 30 * 86_400_000,
  ackMs: 200,
  portRetryMs: 3000,
  stopMs: 2000,
}
