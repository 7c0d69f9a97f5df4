import type {StoreDescription} from '../store/port.ts'
import {type Check, fine, wrong} from './check.ts'

/** Copies of which one may be lost while the others still agree on what was acknowledged. */
const wantedReplicas = 3
/** What a publisher of another kind may need to be recognised when it sends again. */
const shortWindowMs = 60_000

/** What an acknowledged event survives, who keeps copies of it, and what to change. */
export function checkDurability({kind, stream, durability}: StoreDescription): Check[] {
  const {survives, detail} = durability
  if (survives === 'power-loss') return [fine('store.durability', detail), ...checkCopies(durability, stream)]
  if (survives === 'nothing') {
    const fix =
      kind === 'nats' ? 'make a stream with file storage: `claw-events stream init --store …?stream=NAME`' : ''
    return [wrong('store.durability', 'warning', detail, fix || undefined)]
  }
  const fix =
    kind === 'nats'
      ? 'keep three copies on servers that do not lose power together, or set jetstream { sync_interval: always } in the configuration of the server (several times slower)'
      : undefined
  return [wrong('store.durability', 'info', detail, fix), ...checkCopies(durability, stream)]
}

function checkCopies(durability: StoreDescription['durability'], stream: string): Check[] {
  const {replicas, cluster, lagging = [], duplicateWindowMs} = durability
  const checks: Check[] = []
  if (lagging.length > 0) {
    const message = `${lagging.join(', ')} of cluster ${cluster} should have a copy of stream ${stream} and has not all of it`
    const fix = 'look at the log of that server; one more that fails may stop the stream'
    checks.push(wrong('store.replicas', 'warning', message, fix))
  } else if (cluster !== undefined && replicas !== undefined && replicas < wantedReplicas) {
    const copies = replicas === 1 ? 'one server' : `${replicas} servers`
    const message = `${copies} of cluster ${cluster} ${replicas === 1 ? 'has' : 'have'} the events: when one is away, nothing can be stored`
    checks.push(wrong('store.replicas', 'warning', message, `claw-events stream init --replicas ${wantedReplicas}`))
  } else if (replicas !== undefined && replicas > 1) {
    checks.push(fine('store.replicas', `all ${replicas} copies of stream ${stream} are up to date`))
  }
  if (duplicateWindowMs !== undefined && duplicateWindowMs < shortWindowMs) {
    const message = `the server forgets the ids of stream ${stream} after ${duplicateWindowMs / 1000} s: others that send again store twice`
    checks.push(wrong('store.duplicates', 'info', message, `nats stream edit ${stream} --dupe-window=2m`))
  }
  return checks
}
