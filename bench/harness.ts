/** One claim of docs/performance.md: ours beside a peer or a limit, both measured in this run. */
export interface BenchRow {
  claim: string
  ours: number
  /** What ours is held against, in the same unit. */
  peer: number
  peerName: string
  unit: string
  /** The aim for `ours / peer`: at least (rates) or at most (times). */
  aim: {atLeast: number} | {atMost: number}
}

/** The median of several runs; the first is a warm-up and does not count. */
export async function median(runs: number, measure: () => Promise<number> | number): Promise<number> {
  await measure()
  const values: number[] = []
  for (let i = 0; i < runs; i++) values.push(await measure())
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Medians of ours and the peer's, taken in turns so that a busy moment of the machine touches both. */
export async function inTurns(
  runs: number,
  ours: () => Promise<number> | number,
  peer: () => Promise<number> | number,
): Promise<{ours: number; peer: number}> {
  await ours()
  await peer()
  const left: number[] = []
  const right: number[] = []
  for (let i = 0; i < runs; i++) {
    left.push(await ours())
    right.push(await peer())
  }
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  return {ours: middle(left), peer: middle(right)}
}

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

export function rowText({claim, ours, peer, peerName, unit, aim}: BenchRow): string {
  const ratio = ours / peer
  const met = 'atLeast' in aim ? ratio >= aim.atLeast : ratio <= aim.atMost
  const wanted = 'atLeast' in aim ? `>= ${aim.atLeast}` : `<= ${aim.atMost}`
  return [
    claim,
    `${number(ours)} ${unit}`,
    `${number(peer)} ${unit} (${peerName})`,
    ratio.toFixed(2),
    wanted,
    met ? 'met' : 'NOT MET',
  ].join(' | ')
}

function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
