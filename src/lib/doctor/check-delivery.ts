import type {EventStore} from '../store/port.ts'
import type {StateStore} from '../store/state-port.ts'
import {type Check, fine, wrong} from './check.ts'

/** Events behind which a reader counts as lagging. */
const lagEvents = 1000

/** Every reader's place: how far behind it is, what it gave up, why it stands still. */
export async function checkDelivery(
  state: StateStore,
  store: EventStore,
  {log, now}: {log: string; now: number},
): Promise<Check[]> {
  const checks: Check[] = []
  const {retention} = await store.describe()
  const owner = await state.owner()
  if (owner !== undefined) {
    const since = new Date(owner.since).toISOString()
    checks.push(
      fine(
        'delivery.owner',
        `sinks were last run by process ${owner.pid} (${owner.role}) on ${owner.host} since ${since}`,
      ),
    )
  }
  for (const {reader, log: of, position, details} of await state.cursors()) {
    const id = `delivery.${reader}`
    if (of !== log) {
      checks.push(wrong(id, 'info', `its place is in another log (${of})`))
      continue
    }
    checks.push(...(await checkHeld(store, {reader, position, maxAgeMs: retention?.maxAgeMs ?? 0, now})))
    const behind = await countAfter(store, position)
    const {dead, waiting} = await state.countDeliveries(reader)
    const disabled = details?.['disabled']
    if (disabled !== undefined) {
      const fix = `claw-events deliveries enable ${reader.replace(/^webhook:/, '')}`
      checks.push(wrong(id, 'error', `it is switched off: ${reasonOf(disabled)}; ${behind} events wait`, fix))
    } else if (dead > 0) {
      checks.push(wrong(id, 'warning', `${dead} events were given up, ${behind} wait`, 'claw-events deliveries list'))
    } else if (behind >= lagEvents) {
      checks.push(wrong(id, 'warning', `it is ${behind}${behind === lagEvents ? ' or more' : ''} events behind`))
    } else checks.push(fine(id, `${behind} events behind, ${waiting} to be tried again`))
  }
  return checks
}

/** What a reader has not read is not removed, so that one that stands still makes the log grow beyond its limits. */
async function checkHeld(
  store: EventStore,
  {reader, position, maxAgeMs, now}: {reader: string; position: string; maxAgeMs: number; now: number},
): Promise<Check[]> {
  if (maxAgeMs === 0) return []
  const [oldest] = await Array.fromAsync(store.read({}, {from: position, limit: 1}))
  if (oldest === undefined || Date.parse(oldest.storedAt) > now - maxAgeMs) return []
  const message = `events since ${oldest.storedAt} wait for ${reader}, longer than the log keeps events: it grows until they are gone`
  const fix = 'get the reader going again (`claw-events doctor` says why it waits), or take it out of the configuration'
  return [wrong('delivery.retention', 'warning', message, fix)]
}

async function countAfter(store: EventStore, position: string): Promise<number> {
  let count = 0
  for await (const _ of store.read({}, {from: position, limit: lagEvents})) count++
  return count
}

function reasonOf(disabled: unknown): string {
  if (typeof disabled === 'string') return disabled
  const reason = typeof disabled === 'object' && disabled !== null && 'reason' in disabled ? disabled.reason : undefined
  return typeof reason === 'string' ? reason : 'no reason was kept'
}
