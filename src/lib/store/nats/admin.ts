import type {StreamInfo} from '@nats-io/jetstream'
import {ClawError} from '../../errors.ts'
import type {StoreAdmin, StoreDescription, StorePlan, StoreSettings, VerifyResult} from '../port.ts'
import {positionOf} from './decode.ts'
import {deliver} from './deliver.ts'
import {descriptionOf} from './describe.ts'
import {apiErrors, failureOf, hasApiCode, missingStream} from './failures.ts'
import {type Link, openLink} from './link.ts'
import {lockStreamSuffix, takeLock} from './lock.ts'
import {pruneStream} from './prune.ts'
import {overlap} from './pushdown.ts'
import {abilitiesOf, assertUsable, differences, newStreamConfig, notesOn, wantedUpdate} from './stream-settings.ts'
import type {NatsOptions} from './target.ts'

/** Administration of the stream that the options name, and a look at those beside it. */
export async function openNatsAdmin(options: NatsOptions): Promise<StoreAdmin> {
  const link = await openLink(options)
  const {jsm, target} = link

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
    verify: () => ask(() => verify(link)),
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

const verifyPatienceMs = 30_000
const mostFaults = 100

/** Walks the whole stream: every message that the server counts must come, in order. There is no hash chain in it. */
async function verify(link: Link): Promise<VerifyResult> {
  const {created, state} = await link.streamInfo()
  const lost = (state.lost?.msgs ?? []).slice(0, mostFaults)
  const faults: VerifyResult['faults'] = lost.map((seq) => ({
    position: positionOf(seq),
    kind: 'missing',
    message: 'the server lost it from its file',
  }))
  let events = 0
  if (state.messages > 0) {
    const range = {after: state.first_seq - 1, to: state.last_seq, created, headersOnly: true}
    for await (const batch of deliver(link, {...range, patienceMs: verifyPatienceMs})) events += batch.length
  }
  // What the age limit removed meanwhile is missing at the beginning, and rightly so.
  const expired = events < state.messages ? (await link.streamInfo()).state.first_seq > state.first_seq : false
  if (events < state.messages && !expired) {
    const message = `the server counts ${state.messages} messages and delivers ${events}`
    faults.push({position: positionOf(state.last_seq), kind: 'missing', message})
  }
  return {ok: faults.length === 0, chained: false, events, faults}
}
