import {type JetStreamManager, jetstreamManager, type StreamConfig} from '@nats-io/jetstream'
import {connect, type NatsConnection} from '@nats-io/transport-node'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import type {StoreSettings} from '../../../src/lib/store/port.ts'

let made = 0

/** Makes a log of its own on a server that several tests share. */
export async function newLog(
  url: string,
  settings: StoreSettings = {},
): Promise<NatsOptions & {stream: string; prefix: string}> {
  const name = `log-${made++}`
  const options = {url, stream: name, prefix: `test.${name}`}
  const admin = await openNatsAdmin(options)
  await admin.apply(settings)
  await admin.close()
  return options
}

/** The bare client, to see and do what others do to a stream. */
export async function bareClient(
  url: string | string[],
): Promise<{nc: NatsConnection; jsm: JetStreamManager; close(): Promise<void>}> {
  const nc = await connect({servers: url})
  return {nc, jsm: await jetstreamManager(nc), close: () => nc.close()}
}

/** Changes a stream's configuration behind our back. */
export async function reconfigure(url: string, stream: string, change: Partial<StreamConfig>): Promise<void> {
  const {jsm, close} = await bareClient(url)
  await jsm.streams.update(stream, change)
  await close()
}
