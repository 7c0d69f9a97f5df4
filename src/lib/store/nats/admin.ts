import type {StreamInfo} from '@nats-io/jetstream'
import {ClawError} from '../../errors.ts'
import type {StoreAdmin, StoreDescription, StorePlan, StoreSettings} from '../port.ts'
import {anchorStream} from './anchor.ts'
import {descriptionOf} from './describe.ts'
import {eraseFromStream} from './erase.ts'
import {apiErrors, failureOf, hasApiCode, missingStream} from './failures.ts'
import {type Link, openLink} from './link.ts'
import {lockStreamSuffix, makeLockStream, takeLock} from './lock.ts'
import {overlapping, proposals, takenBy} from './proposals.ts'
import {pruneStream} from './prune.ts'
import {
  abilitiesOf,
  type Conflict,
  conflictWith,
  differences,
  newStreamConfig,
  notesOn,
  wantedUpdate,
} from './stream-settings.ts'
import {subjectGrammar} from './subjects.ts'
import type {NatsOptions} from './target.ts'
import {verifyStream} from './verify.ts'

export interface NatsAdminOptions {
  /** Epoch milliseconds, for anchors and records of erasures. */
  now?: () => number
}

/** Administration of the stream that the options name, and a look at those beside it. */
export async function openNatsAdmin(
  options: NatsOptions,
  {now = Date.now}: NatsAdminOptions = {},
): Promise<StoreAdmin> {
  const link = await openLink(options)
  const {jsm, target} = link
  const grammar = subjectGrammar(target)

  async function ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (thrown) {
      throw failureOf(thrown, target)
    }
  }

  return {
    plan: (settings) => ask(() => plan(link, settings)),
    apply: (settings) => ask(() => apply(link, settings)),
    list: () => ask(() => listLogs(link)),
    remove: () =>
      ask(async () => {
        await jsm.streams.delete(target.stream)
        await jsm.streams.delete(`${target.stream}${lockStreamSuffix}`).catch((thrown) => {
          if (!hasApiCode(thrown, apiErrors.streamNotFound)) throw thrown
        })
      }),
    prune: (request) => ask(() => pruneStream(link, request)),
    async applyRetention() {
      const {state} = await ask(() => link.streamInfo())
      return {removed: 0, left: state.messages}
    },
    erase: (request) => ask(() => eraseFromStream(link, grammar, request, now)),
    anchor: (anchorOptions) => ask(() => anchorStream(link, now, anchorOptions)),
    verify: (verifyOptions) => ask(() => verifyStream(link, grammar, verifyOptions)),
    lock: (task) => takeLock(link, task),
    close: () => link.close(),
  }
}

async function existing(link: Link): Promise<StreamInfo | undefined> {
  try {
    return await link.streamInfo()
  } catch (thrown) {
    if (thrown instanceof ClawError && thrown.message === missingStream(link.target).message) return undefined
    throw thrown
  }
}

async function plan(link: Link, settings: StoreSettings): Promise<StorePlan> {
  const {target} = link
  const can = abilitiesOf(link.serverVersion())
  const info = await existing(link)
  const place = {store: target.url, stream: target.stream}
  if (!info) {
    const notes = notesOn(newStreamConfig(target, settings, can), link.serverVersion())
    return {...place, exists: false, changes: [], notes}
  }
  const conflict = conflictWith(target, info.config, settings)
  if (conflict) throw await conflictFailure(link, conflict)
  const changes = differences(info.config, wantedUpdate(info.config, settings, can))
  return {...place, exists: true, changes, notes: notesOn(info.config, link.serverVersion())}
}

async function apply(link: Link, settings: StoreSettings): Promise<StorePlan> {
  const {jsm, target} = link
  const can = abilitiesOf(link.serverVersion())
  const planned = await plan(link, settings)
  const now = await existing(link)
  const wanted = now ? wantedUpdate(now.config, settings, can) : newStreamConfig(target, settings, can)
  if (planned.changes.length === 0 && now) {
    await makeLocksIfAllowed(link, now.config.num_replicas)
    return planned
  }
  const {config} = await (now ? jsm.streams.update(target.stream, wanted) : create(link, settings))
  await makeLocksIfAllowed(link, config.num_replicas)
  // Servers answer OK to settings that they do not know.
  const ignored = differences(config, wanted)
  if (ignored.length === 0) return planned
  const list = ignored.map(({field, now, wanted}) => `${field} is ${now} instead of ${wanted}`).join(', ')
  throw new ClawError('STORE_CONFLICT', `the server made stream ${target.stream} otherwise than asked: ${list}`, {
    suggestions: ['leave these settings out, or use a server that has them'],
  })
}

/** Those who only use the log find the stream for its locks made; who may not make it does not need to. */
async function makeLocksIfAllowed(link: Link, replicas: number): Promise<void> {
  try {
    await makeLockStream(link, {replicas})
  } catch (thrown) {
    if (failureOf(thrown, link.target).code !== 'STORE_AUTH') throw thrown
  }
}

async function create(link: Link, settings: StoreSettings): Promise<StreamInfo> {
  const {jsm, target} = link
  try {
    return await jsm.streams.add(newStreamConfig(target, settings, abilitiesOf(link.serverVersion())))
  } catch (thrown) {
    if (hasApiCode(thrown, apiErrors.subjectsOverlap)) throw await overlapFailure(link)
    throw thrown
  }
}

async function overlapFailure(link: Link): Promise<ClawError> {
  const {url, prefix} = link.target
  const taken = await takenBy(link)
  const other = taken && overlapping(prefix, taken)
  const message = other
    ? `stream ${other.name} at ${url} already takes ${other.subject}, which overlaps with ${prefix}.>`
    : `another stream at ${url} already takes subjects of ${prefix}.>`
  return new ClawError('STORE_CONFLICT', message, {suggestions: proposals(link, taken, other?.name)})
}

async function conflictFailure(link: Link, {message, way}: Conflict): Promise<ClawError> {
  if (way === 'none') return new ClawError('STORE_CONFLICT', message)
  const usable = way === 'its subjects' ? link.target.stream : undefined
  return new ClawError('STORE_CONFLICT', message, {suggestions: proposals(link, await takenBy(link), usable)})
}

/** Streams that look like event logs: ours by their description, or with subjects like the ones we write. */
async function listLogs({jsm, target}: Link): Promise<StoreDescription[]> {
  const root = target.prefix.split('.')[0]
  const logs: StoreDescription[] = []
  for await (const info of jsm.streams.list()) {
    const {name, description = '', subjects = []} = info.config
    const isOurs = description.startsWith('claw-events: an event log')
    const isAlike = subjects.some((subject) => subject.startsWith(`${root}.`)) || name === target.stream
    if (isOurs || isAlike) logs.push(descriptionOf(info, target.url))
  }
  return logs.sort((a, b) => (a.stream < b.stream ? -1 : 1))
}
