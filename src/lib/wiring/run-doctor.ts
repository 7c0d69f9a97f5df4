import {existsSync} from 'node:fs'
import path from 'node:path'
import {readDocument} from '../config/document.ts'
import {formatFaults} from '../config/faults.ts'
import {loadConfig} from '../config/load.ts'
import {hostConfigPath} from '../config/state-dir.ts'
import {type StoreOptions, storeLocation, storeSettings} from '../config/store-settings.ts'
import {type Check, type Diagnosis, diagnosis} from '../doctor/check.ts'
import {checkDelivery} from '../doctor/check-delivery.ts'
import {checkConfiguration, checkNode} from '../doctor/check-host.ts'
import {checkLog} from '../doctor/check-log.ts'
import {checkPlugin} from '../doctor/check-plugin.ts'
import {checkCoverage} from '../doctor/coverage.ts'
import {readPresence} from '../doctor/presence.ts'
import {messageOf} from '../errors.ts'
import {logName, openState} from './open-state.ts'
import {openStore} from './open-store.ts'

export interface DoctorOptions extends StoreOptions {
  nodeVersion: string
  isAlive: (pid: number) => boolean
  /** Epoch milliseconds: how far back transcripts are held against the log. */
  since: number
  signal?: AbortSignal
}

/** Looks at everything between the agent and the log. Whatever fails is a check that is not ok, never a rejection. */
export async function runDoctor(options: DoctorOptions): Promise<Diagnosis> {
  const {nodeVersion, isAlive, config, state, env} = options
  const checks: Check[] = [checkNode(nodeVersion)]
  const loaded = await loadConfig({config, state, env})
  const {stateDir, faults, notes} = loaded
  checks.push(...checkConfiguration({faults: faults.map((fault) => formatFaults([fault])), notes}))
  const {context, privacy} = loaded.config
  const hostFile = hostConfigPath({state, env})
  checks.push(
    ...checkPlugin({
      host: (await readDocument(hostFile, path.basename(hostFile))).value,
      presence: await readPresence(stateDir),
      isAlive,
      stateDir,
      wantsConversation: context.enabled || privacy.payloadMode === 'full',
    }),
  )
  try {
    const location = await storeSettings(options)
    checks.push(...(await checkLog(() => openStore(location, {whenMissing: 'fail'}))))
  } catch (error) {
    checks.push({id: 'store.reachable', ok: false, severity: 'error', message: messageOf(error)})
  }
  checks.push(...(await checkEmbedded(options, stateDir)))
  return diagnosis(checks)
}

/** What hangs on the log of this machine: the sinks' places, and what the host's own transcripts say. */
async function checkEmbedded(options: DoctorOptions, stateDir: string): Promise<Check[]> {
  const location = storeLocation({}, {stateDir})
  if (location.kind !== 'sqlite' || !existsSync(location.path)) return []
  const store = await openStore(location)
  try {
    const coverage = await checkCoverage(stateDir, store, options)
    if (!existsSync(path.join(stateDir, 'claw-events', 'state.db'))) return coverage
    const states = await openState(stateDir)
    try {
      return [...(await checkDelivery(states, store, await logName(store))), ...coverage]
    } finally {
      await states.close()
    }
  } catch (error) {
    return [{id: 'delivery', ok: false, severity: 'error', message: messageOf(error)}]
  } finally {
    await store.close()
  }
}
