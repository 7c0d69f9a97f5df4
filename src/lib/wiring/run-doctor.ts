import {existsSync} from 'node:fs'
import path from 'node:path'
import {readDocument} from '../config/document.ts'
import {formatFaults} from '../config/faults.ts'
import {loadConfig} from '../config/load.ts'
import {hostConfigPath} from '../config/state-dir.ts'
import {type StoreLocation, type StoreOptions, storeLocation, storeSettings} from '../config/store-settings.ts'
import {type Check, type Diagnosis, diagnosis, wrong} from '../doctor/check.ts'
import {checkContext} from '../doctor/check-context.ts'
import {checkDelivery} from '../doctor/check-delivery.ts'
import {checkConfiguration, checkNode} from '../doctor/check-host.ts'
import {checkDrops, checkLog} from '../doctor/check-log.ts'
import {checkPlugin} from '../doctor/check-plugin.ts'
import {checkCoverage} from '../doctor/coverage.ts'
import {readPresence} from '../doctor/presence.ts'
import {messageOf} from '../errors.ts'
import {logName, openState} from './open-state.ts'
import {openStore} from './open-store.ts'

export interface DoctorOptions extends StoreOptions {
  nodeVersion: string
  isAlive: (pid: number) => boolean
  /** Epoch milliseconds. */
  now: number
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
  const isOn = (agentId: string) =>
    (Object.hasOwn(context.agents, agentId) ? context.agents[agentId]?.enabled : undefined) ?? context.enabled
  const wantsContext = context.enabled || Object.values(context.agents).some(({enabled}) => enabled)
  const hostFile = hostConfigPath({state, env})
  checks.push(
    ...checkPlugin({
      host: (await readDocument(hostFile, path.basename(hostFile))).value,
      presence: await readPresence(stateDir),
      isAlive,
      stateDir,
      wantsContext,
      wantsConversation: wantsContext || privacy.payloadMode === 'full',
    }),
  )
  try {
    const location = await storeSettings(options)
    checks.push(...(await checkLog(() => openStore(location, {whenMissing: 'fail'}))))
    checks.push(...(await checkRecorded(nearest(location, stateDir), isOn)))
  } catch (error) {
    checks.push({id: 'store.reachable', ok: false, severity: 'error', message: messageOf(error)})
  }
  checks.push(...(await checkEmbedded(options, stateDir)))
  return diagnosis(checks)
}

/** A gateway tells of itself in the log of its machine first, and there also when a server cannot be reached. */
function nearest(location: StoreLocation, stateDir: string): StoreLocation {
  const embedded = storeLocation({}, {stateDir})
  return embedded.kind === 'sqlite' && location.kind === 'nats' && existsSync(embedded.path) ? embedded : location
}

/** What recording says of itself. A log that cannot be read has been told of. */
async function checkRecorded(location: StoreLocation, isOn: (agentId: string) => boolean): Promise<Check[]> {
  const store = await openStore(location).catch(() => undefined)
  if (store === undefined) return []
  try {
    return [...(await checkDrops(store)), ...(await checkContext(store, isOn))]
  } catch (error) {
    return [wrong('capture.complete', 'error', messageOf(error))]
  } finally {
    await store.close()
  }
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
      return [...(await checkDelivery(states, store, {log: await logName(store), now: options.now})), ...coverage]
    } finally {
      await states.close()
    }
  } catch (error) {
    return [{id: 'delivery', ok: false, severity: 'error', message: messageOf(error)}]
  } finally {
    await store.close()
  }
}
