import path from 'node:path'
import type {EventStore} from '../store/port.ts'
import type {StateStore} from '../store/state-port.ts'

/** Opens the state store of a state directory; the driver is loaded only now. */
export async function openState(stateDir: string): Promise<StateStore> {
  const {openSqliteState} = await import('../store/sqlite/state/store.ts')
  return openSqliteState(path.join(stateDir, 'claw-events'))
}

/** What cursors call a log: its address and stream, without secrets. */
export async function logName(store: EventStore): Promise<string> {
  const {store: url, stream} = await store.describe()
  return `${url} ${stream}`
}
