import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, renameSync, rmSync} from 'node:fs'
import path from 'node:path'
import {createLexicon} from '../src/lib/context/lexicon.ts'
import {createReader} from '../src/lib/context/reading.ts'
import {selectContext} from '../src/lib/context/select.ts'
import {loadTokenCounter} from '../src/lib/context/tokens.ts'
import {createAnalyzer} from '../src/lib/context/words.ts'
import {openSqliteContextIndex} from '../src/lib/store/sqlite/context-index.ts'
import {openSqliteStore} from '../src/lib/store/sqlite/store.ts'
import {locomoPath, readLocomo} from './context-locomo.ts'
import {createJudge, judgeAll} from './context-quality.ts'
import {type BenchRow, median} from './harness.ts'
import {talk, talkPrompt} from './talk-events.ts'

const root = path.join(import.meta.dirname, '..')
const cache = path.join(root, '.cache', 'bench')

/** What context selection finds, and how long it takes. */
export async function context(): Promise<BenchRow[]> {
  return [...(await quality()), ...(await speed(Number(process.env['CONTEXT_EVENTS'] ?? 100_000)))]
}

async function quality(): Promise<BenchRow[]> {
  const file = locomoPath()
  if (!file) {
    console.error(
      'LoCoMo is not here, so what context selection finds is not measured: set LOCOMO to its file or folder',
    )
    return []
  }
  const judge = await createJudge()
  const reached = judgeAll(judge, await Promise.all(readLocomo(file).map(judge.prepare)))
  const aims = [
    ['recall at 20', reached.recall20, 0.84],
    ['mean reciprocal rank', reached.mrr, 0.58],
    ['evidence within 2 000 tokens', reached.within2000, 0.89],
    ['evidence within 1 000 tokens', reached.within1000, 0.83],
  ] as const
  return aims.map(([name, ours, aim]) => ({
    claim: `context on LoCoMo, ${name}`,
    ours,
    peer: aim,
    peerName: 'promised',
    unit: 'of 1',
    aim: {atLeast: 1},
  }))
}

async function speed(events: number): Promise<BenchRow[]> {
  const file = await talkLog(events)
  const size = events.toLocaleString('en')
  const warm = await warmP95(file)
  const cold = Array.from({length: 7}, (_, n) => coldStart(file, n)).sort((a, b) => a - b)[3]!
  const row = (claim: string, ours: number, peer: number): BenchRow => ({
    claim,
    ours,
    peer,
    peerName: 'promised',
    unit: 'ms',
    aim: {atMost: 1},
  })
  return [
    row(`context of 2 000 tokens from ${size} events, p95, index warm`, warm, 20),
    row(`context preview at ${size} events, whole process`, cold, 400),
  ]
}

async function warmP95(file: string): Promise<number> {
  const analyzer = createAnalyzer()
  const tools = {analyzer, lexicon: createLexicon(analyzer), counter: await loadTokenCounter()}
  let round = 0
  const index = await openSqliteContextIndex(file, createReader(analyzer))
  await index.catchUp()
  const once = (n: number) => {
    const start = performance.now()
    const request = {atMs: Date.UTC(2040, 0), budget: 2000, prompt: talkPrompt(n)}
    const {items} = index.read('main', (view) => selectContext(view, request, tools))
    if (items.length === 0) throw new Error(`nothing was selected for: ${request.prompt}`)
    return performance.now() - start
  }
  const p95 = (round: number) => {
    const times = Array.from({length: 100}, (_, n) => once(round * 100 + n))
    return times.sort((x, y) => x - y)[95]!
  }
  const found = await median(5, () => p95(round++))
  await index.close()
  return found
}

function coldStart(file: string, n: number): number {
  const start = performance.now()
  const args = ['context', 'preview', '--store', `sqlite:${file}`, '--prompt', talkPrompt(n), '--json']
  const {status, stderr, stdout} = spawnSync(process.execPath, [path.join(root, 'bin', 'run.js'), ...args], {
    encoding: 'utf8',
  })
  if (status !== 0 || !stdout.includes('claw-events-context')) throw new Error(`nothing was shown: ${stderr}`)
  return performance.now() - start
}

/** Built once and kept, with its index. */
async function talkLog(events: number): Promise<string> {
  const file = path.join(cache, `talk-${events}.db`)
  if (existsSync(file)) return file
  mkdirSync(cache, {recursive: true})
  console.error(`building a log of ${events} messages (once) …`)
  const making = path.join(cache, 'making-talk.db')
  rmSync(making, {force: true})
  const store = await openSqliteStore(making)
  for (let n = 0; n < events; n += 1000) await store.append(talk(Math.min(1000, events - n), n))
  const index = await openSqliteContextIndex(making, createReader(createAnalyzer()))
  await index.catchUp()
  await index.close()
  await store.close()
  renameSync(making, file)
  return file
}
