import {type JetStreamManager, jetstreamManager, type StreamInfo} from '@nats-io/jetstream'
import {
  type Authenticator,
  AuthorizationError,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node'
import {ClawError, Exit, messageOf} from '../../errors.ts'
import {failureOf, isUnreachable, refused, unreachable} from './failures.ts'
import {type NatsOptions, type NatsTarget, parseTarget, readSecretFile} from './target.ts'

export type LinkEvent =
  | {type: 'offline' | 'online'}
  /** The server refused a publish to, or a subscription of, this subject. */
  | {type: 'denied'; subject: string; error: ClawError}
  /** There will be no more attempts; without an error we closed it ourselves. */
  | {type: 'closed'; error?: ClawError}

/** A connection that comes back by itself, and who it is to. */
export interface Link {
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  readonly target: NatsTarget
  /** Whether what is sent now reaches the server; what is sent while false is thrown away by the client. */
  isOnline(): boolean
  /** [major, minor] of the connected server. */
  serverVersion(): readonly [number, number]
  maxPayload(): number
  /** Whether the connected server is one of several that share their streams. */
  isClustered(): boolean
  /**
   * In a cluster, connects to another of its servers, at most every few seconds: the connected one may be cut off from
   * the others, and then answers nothing, or from what it knew before.
   */
  moveOn(): void
  /**
   * Asks the server something, once. Fails as soon as the connection is lost: the client would wait for an answer that
   * cannot come. Also fails when `signal` aborts.
   */
  ask<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Asks again for a few seconds while the server is away. */
  askPatiently<T>(call: () => Promise<T>): Promise<T>
  /** State of the stream, asked for patiently; STORE_MISSING when there is none. */
  streamInfo(): Promise<StreamInfo>
  /** Calls `listener` for every change until the returned function is called. */
  listen(listener: (event: LinkEvent) => void): () => void
  /** Resolves as soon as it is online; STORE_UNREACHABLE after `waitMs`. */
  online(waitMs: number): Promise<void>
  close(): Promise<void>
}

const defaultConnectTimeoutMs = 2000
const requestTimeoutMs = 5000
const askAgainMs = 100
/** A server of a cluster that could not answer for so long is left for another one; it has as long to do better. */
const moveOnMs = 4000
const flushMs = 500
/** A server that does not answer three pings in a row (15 s) is given up, and connected to anew. */
const pings = {pingInterval: 5000, maxPingOut: 2}

/** Connects within `connectTimeoutMs`. STORE_UNREACHABLE, STORE_AUTH and STORE_URL name the URL without secrets. */
export async function openLink(options: NatsOptions): Promise<Link> {
  const target = parseTarget(options)
  const nc = await connectWithin(options.connectTimeoutMs ?? defaultConnectTimeoutMs, options, target)
  // Asking the account first would need a permission that a writer need not have.
  const jsm = await jetstreamManager(nc, {checkAPI: false, timeout: requestTimeoutMs, apiPrefix: target.api})
  const listeners = new Set<(event: LinkEvent) => void>()
  let isUp = true
  let {version = '', max_payload: maxPayload = 2 ** 20} = nc.info ?? {}
  let end: LinkEvent | undefined
  let failingSince: number | undefined
  let movedAt = Number.NEGATIVE_INFINITY

  function tell(event: LinkEvent): void {
    for (const listener of [...listeners]) listener(event)
  }

  async function watch(): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') {
        isUp = false
        tell({type: 'offline'})
      } else if (status.type === 'reconnect') {
        isUp = true
        ;({version = version, max_payload: maxPayload = maxPayload} = nc.info ?? {})
        tell({type: 'online'})
      } else if (status.type === 'error' && status.error instanceof PermissionViolationError) {
        tell({type: 'denied', subject: status.error.subject, error: failureOf(status.error, target)})
      }
    }
    isUp = false
    const reason = await nc.closed()
    end = reason instanceof Error ? {type: 'closed', error: failureOf(reason, target)} : {type: 'closed'}
    tell(end)
  }
  const watching = watch()

  async function ask<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const startedAt = performance.now()
    try {
      const answer = await askOnce(link, call, signal)
      failingSince = undefined
      return answer
    } catch (thrown) {
      failingSince = isUnreachable(thrown) ? (failingSince ?? startedAt) : undefined
      if (failingSince !== undefined && performance.now() - failingSince > moveOnMs) moveOn()
      throw thrown
    }
  }

  function moveOn(): void {
    const now = performance.now()
    if (!link.isClustered() || !link.isOnline() || now - movedAt < moveOnMs) return
    movedAt = now
    failingSince = undefined
    nc.reconnect().catch(() => undefined)
  }

  const link: Link = {
    nc,
    jsm,
    target,
    // Between losing the connection and hearing of it, the client has no server information.
    isOnline: () => isUp && nc.info !== undefined,
    serverVersion: () => versionOf(version),
    maxPayload: () => maxPayload,
    isClustered: () => nc.info?.cluster !== undefined,
    moveOn,
    ask,
    askPatiently: (call) => patiently(link, call),
    streamInfo: () => patiently(link, () => jsm.streams.info(target.stream)),
    listen(listener) {
      listeners.add(listener)
      const told = end
      // Not before the caller has what this returns.
      if (told) queueMicrotask(() => listeners.has(listener) && listener(told))
      return () => listeners.delete(listener)
    },
    online: (waitMs) => onlineWithin(waitMs, link),
    async close() {
      // What was sent last (a deleted consumer, an acknowledgement) shall still get there.
      if (link.isOnline()) await within(flushMs, nc.flush()).catch(() => undefined)
      await nc.close()
      await watching
    },
  }
  return link
}

async function connectWithin(timeoutMs: number, options: NatsOptions, target: NatsTarget): Promise<NatsConnection> {
  const connecting = connect(connectionOptions(timeoutMs, options, target))
  try {
    const nc = await within(timeoutMs + 100, connecting)
    if (nc) return nc
    // It may still come about, after we told that it did not.
    connecting.then((late) => late.close()).catch(() => undefined)
    throw unreachable(target, `no answer within ${timeoutMs} ms`)
  } catch (thrown) {
    throw connectFailure(thrown, target)
  }
}

function connectionOptions(timeoutMs: number, options: NatsOptions, target: NatsTarget): ConnectionOptions {
  const {servers, user, password, token, isTls, inbox} = target
  const {ca, cert, key} = options.tls ?? {}
  return {
    servers,
    name: 'claw-events',
    inboxPrefix: inbox,
    timeout: timeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
    noAsyncTraces: true,
    ...pings,
    ...(user !== undefined && {user, pass: password}),
    ...(token !== undefined && {token}),
    ...(isTls && {tls: {ca: pem(ca, 'CA certificate'), cert: pem(cert, 'certificate'), key: pem(key, 'key')}}),
    ...authenticatorOf(options),
  }
}

function pem(path: string | undefined, what: string): string | undefined {
  return path === undefined ? undefined : new TextDecoder().decode(readSecretFile(path, what))
}

function authenticatorOf({credsFile, nkeyFile}: NatsOptions): {authenticator?: Authenticator} {
  if (credsFile) {
    return {authenticator: tried(credsAuthenticator(readSecretFile(credsFile, 'credentials file')), credsFile)}
  }
  if (!nkeyFile) return {}
  const text = new TextDecoder().decode(readSecretFile(nkeyFile, 'nkey file'))
  // A seed begins with S; the file may also hold comments.
  const seed = /^S[A-Z2-7]{20,}\s*$/m.exec(text)?.[0].trim() ?? ''
  return {authenticator: tried(nkeyAuthenticator(new TextEncoder().encode(seed)), nkeyFile)}
}

/** The client would only fail in the middle of connecting, and name no file. */
function tried(authenticator: Authenticator, file: string): Authenticator {
  try {
    authenticator('a nonce to try it with')
    return authenticator
  } catch (thrown) {
    throw new ClawError('CONFIG_INVALID', `${file} holds no credentials that can be used: ${messageOf(thrown)}`, {
      exit: Exit.usage,
    })
  }
}

const certificateFaults = /^(DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/

function connectFailure(thrown: unknown, target: NatsTarget): ClawError {
  if (thrown instanceof AuthorizationError || thrown instanceof UserAuthenticationExpiredError) {
    return refused(target, thrown)
  }
  if (thrown instanceof ClawError) return thrown
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (certificateFaults.test(code)) {
    return new ClawError('STORE_UNREACHABLE', `the certificate of ${target.url} is not trusted (${code})`, {
      cause: thrown,
      suggestions: ['name the certificate authority of that server in eventStore.tls.ca'],
    })
  }
  return unreachable(target, reasonOf(thrown), thrown)
}

/** The client passes on `undefined` when a server hangs up before it greets. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error && thrown.message ? thrown.message : 'it hung up'
}

/** Waits for an answer no longer than there is a connection; what comes of it is not held against the server. */
export async function askOnce<T>(link: Link, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const broken = Promise.withResolvers<never>()
  const abort = () => broken.reject(signal?.reason)
  const stop = link.listen(({type}) => {
    if (type === 'offline' || type === 'closed') broken.reject(unreachable(link.target, 'the connection was lost'))
  })
  signal?.addEventListener('abort', abort)
  try {
    signal?.throwIfAborted()
    return await Promise.race([call(), broken.promise])
  } catch (thrown) {
    signal?.throwIfAborted()
    throw failureOf(thrown, link.target)
  } finally {
    stop()
    signal?.removeEventListener('abort', abort)
  }
}

async function patiently<T>(link: Link, call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + requestTimeoutMs
  for (;;) {
    const leftMs = deadline - performance.now()
    try {
      await link.online(Math.max(0, leftMs))
      return await link.ask(call)
    } catch (thrown) {
      if (!isUnreachable(thrown) || leftMs <= 0) throw thrown
      await delay(askAgainMs)
    }
  }
}

function onlineWithin(waitMs: number, link: Link): Promise<void> {
  if (link.isOnline()) return Promise.resolve()
  const {promise, resolve, reject} = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(unreachable(link.target, `not back after ${waitMs / 1000} s`)), waitMs)
  const stop = link.listen((event) => {
    if (event.type === 'online') resolve()
    if (event.type === 'closed') reject(event.error ?? unreachable(link.target, 'the connection was closed'))
  })
  return promise.finally(() => {
    clearTimeout(timer)
    stop()
  })
}

function versionOf(version: string): readonly [number, number] {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  return [Number(major), Number(minor)]
}

/** What the promise gives, or undefined after `ms`. Leaves no timer behind that would keep the process alive. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const isDone = new AbortController()
  try {
    return await Promise.race([promise, delay(ms, isDone.signal)])
  } finally {
    isDone.abort()
  }
}

export function delay(ms: number, signal?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve(undefined)
    }
    if (signal?.aborted) done()
    else signal?.addEventListener('abort', done)
  })
}
