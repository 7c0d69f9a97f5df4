import {newEventId} from '../event/id.ts'
import {RecentMap} from '../guard/recent-map.ts'
import {type Draft, withCuts} from './draft.ts'
import {firstId, idAt, valueAt} from './fields.ts'
import {contextOf, type HostCall, machinery} from './host-call.ts'
import {type Directory, memoryLimits} from './memory.ts'
import {snapshotOf} from './snapshot.ts'

/** The messages that were told of. */
export interface Messages {
  /** Whether this hook call only repeats what another one told. */
  repeats(host: HostCall, type: string): boolean
}

interface Told {
  kinds: Set<string>
  content: unknown
  at: number
}

/** Without an id, a message is the one of the host's other hook only when both come at about the same time. */
const pairWindowMs = 10_000

/**
 * The host tells of a message by a typed and by an internal hook. The first that comes is recorded; the other kind is
 * the same message, and the same kind again is another message unless id and content say that it is a copy.
 */
export function createMessages(): Messages {
  const told = new RecentMap<Told>(memoryLimits.messages)
  return {
    repeats(host, type) {
      const {row, payload, at} = host
      const messageId = firstId([payload, host.ctx], 'messageId')
      const content = valueAt(payload, 'content')
      const key = keyOf(host, type, messageId, content)
      const known = told.peek(key)
      const isSame = known !== undefined && (messageId !== undefined || at - known.at < pairWindowMs)
      if (isSame && !known.kinds.has(row.kind)) {
        known.kinds.add(row.kind)
        return true
      }
      if (isSame && messageId !== undefined && known.content === content) return true
      told.put(key, {kinds: new Set([row.kind]), content, at})
      return false
    },
  }
}

function keyOf({payload, ctx, ids}: HostCall, type: string, messageId: string | undefined, content: unknown): string {
  const sources = [payload, ctx]
  const place = firstId(sources, 'conversationId') ?? ids.sessionKey ?? firstId(sources, 'channelId') ?? ''
  if (messageId !== undefined) return `${type} ${place} id ${messageId}`
  const peer = firstId(sources, 'from') ?? firstId(sources, 'to') ?? ''
  const text = typeof content === 'string' ? `${content.length} ${content.slice(0, 200)}` : ''
  return `${type} ${place} ${peer} ${text}`
}

/** A message that came in or goes out, with or without text. */
export function messageEvent(directory: Directory, host: HostCall, type: string): Draft {
  const {row, payload, ctx, ids, at} = host
  const taken = snapshotOf(payload, machinery)
  const {data} = taken
  for (const name of ['channelId', 'accountId', 'conversationId', 'threadId', 'messageId', 'senderId']) {
    const value = data[name] === undefined ? idAt(ctx, name) : undefined
    if (value !== undefined) data[name] = value
  }
  const told = valueAt(data, 'error')
  const error = typeof told === 'string' && told !== '' ? told : undefined
  return {
    ...ids,
    type,
    eventName: row.hook,
    source: row.kind,
    at,
    correlationId: isAnswer.has(type) ? answerCorrelation(directory, host) : messageCorrelation(directory, host, data),
    data,
    metadata: withCuts(contextOf(ctx), taken),
    ...(error !== undefined && {error: {message: error, kind: 'message'}}),
  }
}

const isAnswer: ReadonlySet<string> = new Set(['message.sending', 'message.sent'])

/** What goes out has the correlation of what came in last, else of its run. */
function answerCorrelation(directory: Directory, {ids, at}: HostCall): string {
  const turn = ids.sessionKey === undefined ? undefined : directory.session(ids.sessionKey).turn
  return turn ?? ids.runId ?? directory.currentRun(ids.sessionKey) ?? newEventId(at)
}

/** The message's own id, made one of its kind where it is none: some channels count from one in every chat. */
function messageCorrelation(directory: Directory, {ids, at}: HostCall, data: Record<string, unknown>): string {
  const messageId = idAt(data, 'messageId')
  const place = ids.sessionKey ?? idAt(data, 'conversationId')
  const isUnique = place === undefined || (messageId?.length ?? 0) >= 32
  const correlation =
    messageId === undefined ? (ids.runId ?? newEventId(at)) : isUnique ? messageId : `${place}:${messageId}`
  if (ids.sessionKey !== undefined) directory.session(ids.sessionKey).turn = correlation
  return correlation
}
