/** What was seen of a run, each as ids in the order in which they were seen. */
export interface History {
  /** Told to be stored. */
  acknowledged: readonly string[]
  log: readonly Entry[]
  /** What the log was forwarded to, and imported into. */
  target: readonly Entry[]
  /** Imports: everything of them must be in the target. */
  imported: readonly string[]
  tail: readonly string[]
  /** Of the log, as the webhook's receiver took them, repeats included. */
  webhook: readonly string[]
}

export interface Entry {
  id: string
  session: string
}

export interface Findings {
  lost: string[]
  repeated: string[]
  disordered: string[]
}

/** Holds a history against what was promised: nothing lost, nothing twice, each session in order. */
export function judge({acknowledged, log, target, imported, tail, webhook}: History): Findings {
  const inLog = log.map(bareId)
  const inTarget = target.map(bareId)
  const seen = tail.map((id) => bareId({id}))
  return {
    lost: [
      ...missing('log', acknowledged, inLog),
      ...missing('target', inLog, inTarget),
      ...missing('target', imported, inTarget),
      ...missing('tail', inTarget, seen),
      ...missing('webhook', inLog, webhook),
    ],
    repeated: [...twice('log', inLog), ...twice('target', inTarget), ...twice('tail', seen)],
    disordered: [
      ...backwards('log', log),
      ...backwards('target', target),
      ...backwards('tail', inOrderOf(seen, target)),
      ...backwards('webhook', inOrderOf([...new Set(webhook)], log)),
    ],
  }
}

/** A control run gives an event a new id at each attempt; behind `~`. */
function bareId({id}: Pick<Entry, 'id'>): string {
  return id.split('~')[0]!
}

function missing(where: string, wanted: readonly string[], found: readonly string[]): string[] {
  const there = new Set(found)
  return wanted.filter((id) => !there.has(id)).map((id) => `${where} ${id}`)
}

function twice(where: string, ids: readonly string[]): string[] {
  const seen = new Set<string>()
  return ids.filter((id) => seen.size === seen.add(id).size).map((id) => `${where} ${id}`)
}

/** Each session's events are numbered as they were made. */
function backwards(where: string, entries: readonly Entry[]): string[] {
  const latest = new Map<string, number>()
  return entries.flatMap((entry) => {
    const number = Number(bareId(entry).split(':')[1])
    const before = latest.get(entry.session) ?? -1
    latest.set(entry.session, Math.max(before, number))
    return number < before ? [`${where} ${entry.id} behind ${before}`] : []
  })
}

function inOrderOf(ids: readonly string[], entries: readonly Entry[]): Entry[] {
  const sessions = new Map(entries.map((entry) => [bareId(entry), entry.session]))
  return ids.map((id) => ({id, session: sessions.get(id) ?? ''}))
}
