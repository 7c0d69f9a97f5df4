// `npm run soak`: seeded runs of everything under faults, and what they lost, repeated or put out of order.
import {parseArgs} from 'node:util'
import {buildActor} from './processes.ts'
import {type RunResult, runOnce} from './run-once.ts'
import {killTail} from './tail-kills.ts'
import {openTargets, type StoreKind, type Targets} from './targets.ts'

const {values} = parseArgs({
  options: {
    seed: {type: 'string', default: '1'},
    runs: {type: 'string'},
    store: {type: 'string', default: 'all'},
    jobs: {type: 'string', default: '2'},
    minutes: {type: 'string', default: '600'},
    'tail-kills': {type: 'string'},
    control: {type: 'boolean', default: false},
    help: {type: 'boolean', default: false},
  },
})
if (values.help) {
  console.log(`npm run soak -- [options]
  --store embedded|nats|cluster   where events are forwarded to; default: some runs of each
  --runs N                        default: 30 in all
  --seed N                        of the first run; the following count up from it
  --jobs N                        runs at a time; default 2
  --minutes N                     begin no run after that
  --tail-kills N                  instead: a tail that is killed and resumed N times
  --control                       protection switched off: every run must find something`)
  process.exit()
}

const mixed: Array<[StoreKind, number]> = [
  ['embedded', 19],
  ['nats', 10],
  ['cluster', 1],
]
const plan = values.store === 'all' ? mixed : [[values.store as StoreKind, Number(values.runs ?? 30)] as const]
const endAt = performance.now() + Number(values.minutes) * 60_000
let passed = 0
let failed = 0
await buildActor()
if (values['tail-kills'] !== undefined) await killTails(Number(values['tail-kills']))
else for (const [kind, runs] of plan) await runMany(kind, runs)
if (values.store === 'all' && !values.control && values['tail-kills'] === undefined) await runMany('nats', 2, true)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function killTails(kills: number): Promise<void> {
  for (const kind of values.store === 'all' ? (['embedded', 'nats'] as const) : [values.store as StoreKind]) {
    const targets = await openTargets(kind)
    const found = await killTail(kills, Number(values.seed), targets.next).finally(() => targets.stop())
    const {events, lost, repeated, disordered} = found
    if (lost + repeated + disordered === 0) passed++
    else failed++
    console.log(`${kind}: a tail killed and resumed ${kills} times over ${events} events`)
    console.log(`  lost ${lost}, repeated ${repeated}, out of order ${disordered}`)
  }
}

async function runMany(kind: StoreKind, runs: number, isControl = values.control): Promise<void> {
  const total = {runs: 0, acknowledged: 0, events: 0, lost: 0, repeated: 0, disordered: 0}
  const faults = new Map<string, number>()
  const startedAt = performance.now()
  let next = Number(values.seed)
  const end = next + runs

  async function job(): Promise<void> {
    let targets: Targets | undefined
    try {
      while (next < end && performance.now() < endAt) {
        const seed = next++
        targets ??= await openTargets(kind)
        const result = await runOnce({seed, kind, isControl, nextTarget: targets.next}).catch(brokenOff)
        note(seed, result)
      }
    } finally {
      await targets?.stop()
    }
  }

  function note(seed: number, result: RunResult): void {
    const {lost, repeated, disordered, unfinished} = result
    total.runs++
    total.acknowledged += result.acknowledged
    total.events += result.events
    total.lost += lost.length
    total.repeated += repeated.length
    total.disordered += disordered.length
    for (const fault of result.faults) faults.set(fault, (faults.get(fault) ?? 0) + 1)
    const found = [...lost, ...repeated, ...disordered]
    const isClean = found.length === 0 && unfinished === undefined
    if (isClean !== isControl) passed++
    else {
      failed++
      const what = isClean ? 'found nothing with protection switched off' : (unfinished ?? '')
      const counts = `lost ${lost.length}, repeated ${repeated.length}, out of order ${disordered.length}`
      console.error(`${kind} --seed ${seed}: ${counts} ${found.slice(0, 6).join('; ')}`)
      console.error(`  after ${result.faults.join(', ')}; ${what}`)
    }
  }

  await Promise.all(Array.from({length: kind === 'cluster' ? 1 : Number(values.jobs)}, job))
  const name = isControl ? `${kind}, protection switched off (must find something)` : kind
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.log(
    `${name}: ${total.runs} runs in ${seconds} s, ${total.acknowledged} events acknowledged, ${total.events} seen`,
  )
  console.log(`  lost ${total.lost}, repeated ${total.repeated}, out of order ${total.disordered}`)
  console.log(`  ${[...faults].map(([fault, count]) => `${fault} ${count}`).join(', ')}`)
}

function brokenOff(thrown: unknown): RunResult {
  const unfinished = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return {lost: [], repeated: [], disordered: [], acknowledged: 0, events: 0, faults: [], unfinished}
}
