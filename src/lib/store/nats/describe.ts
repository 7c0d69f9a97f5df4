import type {StreamInfo} from '@nats-io/jetstream'
import {toTimestamp} from '../../event/timestamp.ts'
import type {Durability, StoreDescription} from '../port.ts'
import {positionOf} from './decode.ts'

/** What a stream holds, from what the server says about it. `store` is the URL without secrets. */
export function descriptionOf({config, state, cluster}: StreamInfo, store: string): StoreDescription {
  const isEmpty = state.messages === 0
  return {
    store,
    stream: config.name,
    kind: 'nats',
    events: state.messages,
    bytes: state.bytes,
    first: isEmpty ? null : placeOf(state.first_seq, state.first_ts),
    last: isEmpty ? null : placeOf(state.last_seq, state.last_ts),
    durability: {
      ...durabilityOf(config),
      duplicateWindowMs: config.duplicate_window / 1e6,
      ...(cluster?.name !== undefined && {cluster: cluster.name, lagging: laggingIn(cluster)}),
    },
    retention: {maxAgeMs: config.max_age / 1e6, maxBytes: Math.max(0, config.max_bytes)},
  }
}

function placeOf(seq: number, time: string): {position: string; storedAt: string} {
  return {position: positionOf(seq), storedAt: toTimestamp(time) ?? time}
}

function laggingIn({replicas = []}: NonNullable<StreamInfo['cluster']>): string[] {
  return replicas.filter(({current, offline}) => !current || offline).map(({name}) => name)
}

function durabilityOf({storage, num_replicas: replicas}: StreamInfo['config']): Durability {
  if (storage === 'memory') {
    return {
      survives: 'nothing',
      replicas,
      detail: 'the stream is kept in memory: a restart of the server takes all of it',
    }
  }
  const copies =
    replicas > 1
      ? `${replicas} servers have each event before it is acknowledged, so a power loss of all of them at once`
      : 'one server has each event, so a power loss'
  return {
    survives: 'process-kill',
    replicas,
    detail: `an acknowledged event is in the server's file but not yet forced to the disk: ${copies} may take what was stored since the last sync (every 2 minutes unless the server is set to "sync_interval: always", which it does not tell its clients)`,
  }
}
