import {JetStreamApiError} from '@nats-io/jetstream'
import {
  AuthorizationError,
  ClosedConnectionError,
  ConnectionError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node'
import {ClawError, messageOf} from '../../errors.ts'
import type {NatsTarget} from './target.ts'

/** Numbers of the server's JetStream API errors (`err_code`). */
export const apiErrors = {
  jetStreamUnavailable: 10008,
  notLeader: 10009,
  memoryResources: 10028,
  insufficientResources: 10023,
  accountResources: 10002,
  jetStreamNotEnabled: 10076,
  jetStreamNotEnabledForAccount: 10039,
  storageResources: 10047,
  nameInUse: 10058,
  streamNotFound: 10059,
  subjectsOverlap: 10065,
  wrongLastSequence: 10071,
  storeFailed: 10077,
  sealed: 10109,
  duplicateInProcess: 10158,
  sequenceNotFound: 10043,
} as const

const full: readonly number[] = [
  apiErrors.memoryResources,
  apiErrors.insufficientResources,
  apiErrors.accountResources,
  apiErrors.storageResources,
]
const temporary: readonly number[] = [apiErrors.jetStreamUnavailable, apiErrors.notLeader, apiErrors.duplicateInProcess]

/** The part of the target that errors name. */
type Place = Pick<NatsTarget, 'url' | 'flag' | 'stream' | 'prefix'>

/** What went wrong on the way to the server or in it, in our terms. Errors of our own pass through. */
export function failureOf(thrown: unknown, place: Place): ClawError {
  if (thrown instanceof ClawError) return thrown
  if (thrown instanceof JetStreamApiError) return apiFailure(thrown.apiError(), place, thrown)
  if (isNotEnabled(thrown)) return withoutJetStream(place, thrown)
  if (thrown instanceof PermissionViolationError) return denied(thrown, place)
  if (thrown instanceof RequestError && thrown.cause instanceof PermissionViolationError) {
    return denied(thrown.cause, place)
  }
  if (thrown instanceof AuthorizationError || thrown instanceof UserAuthenticationExpiredError) {
    return refused(place, thrown)
  }
  if (isUnreachable(thrown)) return unreachable(place, reasonOf(thrown), thrown)
  return new ClawError('STORE_FAILED', `${place.url}: ${messageOf(thrown)}`, {cause: thrown})
}

export interface ApiProblem {
  code: number
  err_code: number
  description: string
}

/** An error that the JetStream API answered with, to a request or a publish. */
export function apiFailure({err_code: code, description}: ApiProblem, place: Place, cause?: unknown): ClawError {
  const {url, stream} = place
  if (code === apiErrors.streamNotFound) return missingStream(place)
  // A server that is cut off from its cluster answers, but knows nothing: whoever waits must go on waiting.
  if (temporary.includes(code)) return unreachable(place, `${description} (error ${code})`, cause)
  if (code === apiErrors.jetStreamNotEnabled || code === apiErrors.jetStreamNotEnabledForAccount) {
    return withoutJetStream(place, cause)
  }
  // The server uses one number for all that its storage refuses.
  const isLimit = code === apiErrors.storeFailed && /exceeded|no space|disk|insufficient/i.test(description)
  if (isLimit || full.includes(code)) {
    return new ClawError('STORE_FULL', `stream ${stream} at ${url} takes no more: ${description}`, {
      cause,
      suggestions: [
        'make room with `claw-events stream prune`',
        'or raise its limits with `claw-events stream init --max-bytes …`',
      ],
    })
  }
  if (code === apiErrors.sealed) {
    return new ClawError('STORE_READ_ONLY', `stream ${stream} at ${url} is sealed: nothing can be added`, {cause})
  }
  return new ClawError('STORE_FAILED', `stream ${stream} at ${url}: ${description} (error ${code})`, {cause})
}

/** Whether trying again a little later may help: a cluster between two leaders, or at work on the same event. */
export function isTemporary({err_code: code}: ApiProblem): boolean {
  return temporary.includes(code)
}

export function hasApiCode(thrown: unknown, code: number): boolean {
  return thrown instanceof JetStreamApiError && thrown.code === code
}

/** Whether the server could not be asked, so that asking again may help. */
export function isUnreachable(thrown: unknown): boolean {
  if (thrown instanceof ClawError) return thrown.code === 'STORE_UNREACHABLE'
  if (thrown instanceof JetStreamApiError) return isTemporary(thrown.apiError())
  const isNetwork = thrown instanceof Error && 'code' in thrown && /^E[A-Z_]+$/.test(String(thrown.code))
  return (
    isNetwork ||
    thrown instanceof TimeoutError ||
    thrown instanceof ConnectionError ||
    thrown instanceof ClosedConnectionError ||
    (thrown instanceof RequestError && !thrown.isNoResponders())
  )
}

function isNotEnabled(thrown: unknown): boolean {
  if (thrown instanceof NoRespondersError) return true
  if (thrown instanceof RequestError) return thrown.isNoResponders()
  // The client does not export this class.
  return thrown instanceof Error && thrown.name === 'JetStreamNotEnabled'
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof TimeoutError) return 'it did not answer in time'
  return messageOf(thrown) || 'the connection broke'
}

export function unreachable({url}: Place, reason: string, cause?: unknown): ClawError {
  return new ClawError('STORE_UNREACHABLE', `cannot reach the event store at ${url} (${reason})`, {
    cause,
    suggestions: ['start a server with `nats-server -js`, or leave --store out to use the embedded log'],
  })
}

export function refused({url}: Place, cause?: unknown): ClawError {
  return new ClawError('STORE_AUTH', `the server at ${url} refused the credentials (authorization failed)`, {
    cause,
    suggestions: ['check user and password, token, credentials file or nkey, and that they are meant for this server'],
  })
}

function denied({operation, subject}: PermissionViolationError, {url}: Place): ClawError {
  const act = operation === 'publish' ? 'publish to' : 'subscribe to'
  return new ClawError('STORE_AUTH', `the server at ${url} does not allow this user to ${act} ${subject}`, {
    suggestions: ['give the user this permission on the server, or use another user'],
  })
}

function withoutJetStream({url}: Place, cause?: unknown): ClawError {
  return new ClawError('STORE_FAILED', `the server at ${url} has no JetStream: it cannot keep events`, {
    cause,
    suggestions: ['start it with -js, or turn JetStream on for this account'],
  })
}

export function missingStream({url, flag, stream}: Place): ClawError {
  return new ClawError('STORE_MISSING', `there is no stream ${stream} at ${url}`, {
    suggestions: [`run claw-events stream init ${flag}`, `\`claw-events stream list ${flag}\` shows which there are`],
  })
}

/** A stream of this name is there, but it is not the one that was read from or written to a moment ago. */
export function replacedStream({url, stream}: Place): ClawError {
  return new ClawError('STORE_MISSING', `stream ${stream} at ${url} was removed and made anew: its events are gone`, {
    suggestions: ['start again without a position to read the new stream from its beginning'],
  })
}

/** The stream does not take a subject; `taker` is another stream that did. */
export function otherSubjects({url, stream}: Place, subject: string, taker?: string): ClawError {
  const what = taker === undefined ? 'does not take' : `left to stream ${taker}`
  return new ClawError('STORE_CONFLICT', `stream ${stream} at ${url} ${what} subject ${subject}`, {
    suggestions: ['give the prefix of its subjects with ?prefix=… in the store URL', 'or choose another ?stream=…'],
  })
}
