import type {StreamInfo} from '@nats-io/jetstream'
import {ClawError} from '../../errors.ts'
import type {StoreAdmin, StoreDescription, StorePlan, StoreSettings} from '../port.ts'
import {anchorStream} from './anchor.ts'
import {descriptionOf} from './describe.ts'
import {eraseFromStream} from './erase.ts'
import {apiErrors, failureOf, hasApiCode, missingStream} from './failures.ts'
import {type Link, openLink} from './link.ts'
import {lockStreamSuffix, takeLock} from './lock.ts'
import {pruneStream} from './prune.ts'
import {overlap} from './pushdown.ts'
import {abilitiesOf, assertUsable, differences, newStreamConfig, notesOn, wantedUpdate} from './stream-settings.ts'
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
  assertUsable(target, info.config, settings)
  const changes = differences(info.config, wantedUpdate(info.config, settings, can))
  return {...place, exists: true, changes, notes: notesOn(info.config, link.serverVersion())}
}

async function apply(link: Link, settings: StoreSettings): Promise<StorePlan> {
  const {jsm, target} = link
  const can = abilitiesOf(link.serverVersion())
  const planned = await plan(link, settings)
  const now = await existing(link)
  const wanted = now ? wantedUpdate(now.config, settings, can) : newStreamConfig(target, settings, can)
  if (planned.changes.length === 0 && now) return planned
  const {config} = await (now ? jsm.streams.update(target.stream, wanted) : create(link, settings))
  // Servers answer OK to settings that they do not know.
  const ignored = differences(config, wanted)
  if (ignored.length === 0) return planned
  const list = ignored.map(({field, now, wanted}) => `${field} is ${now} instead of ${wanted}`).join(', ')
  throw new ClawError('STORE_CONFLICT', `the server made stream ${target.stream} otherwise than asked: ${list}`, {
    suggestions: ['leave these settings out, or use a server that has them'],
  })
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

async function overlapFailure({jsm, target}: Link): Promise<ClawError> {
  const {url, stream, prefix} = target
  const wanted = `${prefix}.>`
  for await (const {config} of jsm.streams.list()) {
    const subject = config.subjects?.find((one) => overlap(one, wanted))
    if (subject === undefined) continue
    const message = `stream ${config.name} at ${url} already takes ${subject}, which overlaps with ${wanted}`
    return new ClawError('STORE_CONFLICT', message, {
      suggestions: [
        `use that stream: --store '${url}?stream=${config.name}'`,
        `or keep the two apart by other subjects: --store '${url}?stream=${stream}&prefix=${prefix}-2'`,
      ],
    })
  }
  return new ClawError('STORE_CONFLICT', `another stream at ${url} already takes subjects of ${wanted}`, {
    suggestions: [`use other subjects: --store '${url}?stream=${stream}&prefix=${prefix}-2'`],
  })
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
