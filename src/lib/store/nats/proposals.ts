import type {StreamConfig} from '@nats-io/jetstream'
import {failureOf} from './failures.ts'
import type {Link} from './link.ts'
import {overlap} from './pushdown.ts'
import {storeFlag} from './target.ts'

type Taken = Pick<StreamConfig, 'name' | 'subjects'>

/** Every stream of the server: what a new one must stay clear of. Undefined for who may not see them. */
export async function takenBy({jsm, target}: Link): Promise<Taken[] | undefined> {
  const taken: Taken[] = []
  try {
    for await (const {config} of jsm.streams.list()) taken.push(config)
    return taken
  } catch (thrown) {
    if (failureOf(thrown, target).code === 'STORE_AUTH') return undefined
    throw thrown
  }
}

/** The first stream whose subjects overlap with those of the log, and the subject that does. */
export function overlapping(prefix: string, taken: readonly Taken[]): {name: string; subject: string} | undefined {
  for (const {name, subjects = []} of taken) {
    const subject = subjects.find((one) => overlap(one, `${prefix}.>`))
    if (subject !== undefined) return {name, subject}
  }
  return undefined
}

/** Flags that work, each with what it comes to: `usable`, a stream that is there, as it is, and a new one beside all. */
export function proposals({target}: Link, taken: readonly Taken[] | undefined, usable?: string): string[] {
  if (!taken) return ['ask who administers the server for the stream to use']
  const {url, agent, api} = target
  const shared = {api: api.startsWith('$') ? undefined : api}
  const prefix = prefixOf(taken.find(({name}) => name === usable))
  const stream = freeName(target.stream, taken)
  const own = {stream, prefix: freePrefix(target.prefix, taken), agent, ...shared}
  return [
    ...(prefix === undefined ? [] : [`use that stream: ${storeFlag(url, {stream: usable, prefix, ...shared})}`]),
    `make another one, with subjects of its own: ${storeFlag(url, own)}`,
  ]
}

/** What subjects begin with that a stream takes; undefined for one that cannot hold a log. */
function prefixOf(stream: Taken | undefined): string | undefined {
  const subject = stream?.subjects?.find((one) => /^[^*>]+\.>$/.test(one))
  return subject?.slice(0, -2)
}

const mostTries = 100

function freeName(wanted: string, taken: readonly Taken[]): string {
  const names = new Set(taken.map(({name}) => name))
  return variantsOf(wanted).find((name) => !names.has(name)) ?? wanted
}

/** The last part is varied first; a part before it where that still lies within what another stream takes. */
function freePrefix(wanted: string, taken: readonly Taken[]): string {
  const parts = wanted.split('.')
  const candidates = parts.flatMap((_, fromEnd) => {
    const at = parts.length - 1 - fromEnd
    return variantsOf(parts[at]!).map((part) => parts.with(at, part).join('.'))
  })
  return candidates.find((prefix) => overlapping(prefix, taken) === undefined) ?? wanted
}

function variantsOf(name: string): string[] {
  return [name, ...Array.from({length: mostTries}, (_, index) => `${name}-${index + 2}`)]
}
