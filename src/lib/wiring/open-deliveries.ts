import {existsSync} from 'node:fs'
import path from 'node:path'
import {type StateOptions, stateDirectory} from '../config/state-dir.ts'
import type {StoreLocation} from '../config/store-settings.ts'
import type {NamedLog} from '../delivery/deliveries.ts'
import {ClawError, messageOf} from '../errors.ts'
import type {StateStore} from '../store/state-port.ts'
import {logName, openState} from './open-state.ts'
import {openStore} from './open-store.ts'

/**
 * Runs work on what sinks remember in a state directory. Where no sink ever ran there is none, and none is made: then
 * it resolves to `otherwise`, or fails with STORE_MISSING.
 */
export async function withDeliveries<T>(
  options: StateOptions,
  work: (state: StateStore) => Promise<T>,
  otherwise?: T,
): Promise<T> {
  const stateDir = stateDirectory(options)
  if (!existsSync(path.join(stateDir, 'claw-events', 'state.db'))) {
    if (otherwise !== undefined) return otherwise
    throw new ClawError('STORE_MISSING', `no sink has run for ${stateDir} yet`, {
      suggestions: ['`claw-events serve` runs the sinks of the configuration, and so does the plugin in OpenClaw'],
    })
  }
  const state = await openState(stateDir)
  try {
    return await work(state)
  } finally {
    await state.close()
  }
}

/** Runs work with the log that is delivered, or with none, and why, when it cannot be opened. */
export async function withLog<T>(
  location: StoreLocation,
  work: (log: NamedLog | undefined, problem?: string) => Promise<T>,
): Promise<T> {
  const opened = await openStore(location).catch((error) => messageOf(error))
  if (typeof opened === 'string') return work(undefined, opened)
  try {
    return await work({store: opened, name: await logName(opened)})
  } finally {
    await opened.close()
  }
}
