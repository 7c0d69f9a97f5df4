import {createHash} from 'node:crypto'
import type {WebhookEndpoint} from '../../config/schema/delivery.ts'
import {ClawError, Exit} from '../../errors.ts'

/** How readers of webhooks begin; the rest is the endpoint's name. */
export const webhookReader = 'webhook:'

/**
 * What each endpoint is called: its `name`, else its host. Where several without a name share a host, all but the
 * first add a digest of their URL, which shows nothing of it and stays the same when others come and go.
 */
export function endpointNames(endpoints: ReadonlyArray<Pick<WebhookEndpoint, 'name' | 'url'>>): string[] {
  const taken = new Set<string>()
  for (const {name} of endpoints) {
    if (name === undefined) continue
    if (taken.has(name)) throw twice(name)
    taken.add(name)
  }
  return endpoints.map(({name, url}) => {
    if (name !== undefined) return name
    const host = URL.parse(url)?.host || 'webhook'
    const free = candidates(host, url).find((candidate) => !taken.has(candidate))!
    taken.add(free)
    return free
  })
}

function* candidates(host: string, url: string): Generator<string> {
  const longer = `${host}-${digestOf(url)}`
  yield host
  yield longer
  for (let n = 2; ; n++) yield `${longer}-${n}`
}

function digestOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 8)
}

function twice(name: string): ClawError {
  return new ClawError('CONFIG_INVALID', `two webhooks are called ${JSON.stringify(name)}`, {
    exit: Exit.usage,
    suggestions: ['give each endpoint in webhooks a name of its own'],
  })
}
