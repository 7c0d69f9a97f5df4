import type {EventStore} from '../store/port.ts'
import type {StateStore} from '../store/state-port.ts'
import {type Check, fine, wrong} from './check.ts'

/** Events behind which a reader counts as lagging. */
const lagEvents = 1000

/** Every reader's place: how far behind it is, what it gave up, why it stands still. */
export async function checkDelivery(state: StateStore, store: EventStore, log: string): Promise<Check[]> {
  const checks: Check[] = []
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
