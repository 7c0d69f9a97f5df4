import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, readFileSync, rmSync, statSync} from 'node:fs'
import path from 'node:path'
import {openSqliteStore} from '../src/lib/store/sqlite/store.ts'
import {type BenchRow, median, seconds} from './harness.ts'
import {sampleEvents} from './sample-events.ts'

const root = path.join(import.meta.dirname, '..')
const folder = path.join(root, '.cache', 'bench', 'growth')
const steps = [10_000, 100_000, 1_000_000, 10_000_000]
/** The last of each step: what appending costs by then. */
const lastPart = 5000

interface Size {
  events: number
  appendedPerSecond: number
  queryMs: number
  memoryMb: number
  bytesPerEvent: number
}

/** One log that grows to ten million events (20 GB of disk for a while), and what it costs at each power of ten. */
export async function growth(): Promise<BenchRow[]> {
  rmSync(folder, {recursive: true, force: true})
  mkdirSync(folder, {recursive: true})
  try {
    const sizes: Size[] = []
    for (const events of steps) sizes.push(await grownTo(events, sizes.at(-1)?.events ?? 0))
    return [...sizes.flatMap((size) => rowsOf(size, sizes[0]!)), memoryRow(sizes.at(-1)!, sizes.at(-2)!)]
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

async function grownTo(events: number, from: number): Promise<Size> {
  const file = path.join(folder, 'events.db')
  console.error(`  a log of ${events.toLocaleString('en')} events …`)
  const store = await openSqliteStore(file)
  const append = async (low: number, high: number) => {
    for (let n = low; n < high; n += 1000) await store.append(sampleEvents(1000, n))
  }
  await append(from, events - lastPart)
  const appendedPerSecond = lastPart / (await seconds(() => append(events - lastPart, events)))
  await store.close()
  const where = ['--store', `sqlite:${file}`]
  // Of the newest hours, whatever the size: the same number of events is found.
  const newest = Date.parse(sampleEvents(1, events - 1)[0]!.timestamp)
  const since = ['--since', new Date(newest - 9000 * 1000).toISOString()]
  const byIndex = ['query', ...where, '--ndjson', '--agent', 'agent-3', '--type', 'tool.error', ...since]
  return {
    events,
    appendedPerSecond,
    queryMs: await median(7, async () => (await child(byIndex)).ms),
    memoryMb: (await child(['query', ...where, '--ndjson', '--limit', '0'])).peakMb,
    bytesPerEvent: statSync(file).size / events,
  }
}

/** A whole process with its output thrown away. */
async function child(args: string[]): Promise<{ms: number; peakMb: number}> {
  const start = performance.now()
  const running = spawn(process.execPath, [path.join(root, 'bin', 'run.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let peakMb = 0
  // The kernel keeps the peak as long as the process lives (Linux).
  const timer = setInterval(() => {
    const found = /VmHWM:\s+(\d+) kB/.exec(statusOf(running.pid!))
    if (found) peakMb = Number(found[1]) / 1024
  }, 20)
  const [code] = (await once(running, 'exit')) as [number | null]
  clearInterval(timer)
  if (code !== 0) throw new Error(`${args.join(' ')} failed`)
  return {ms: performance.now() - start, peakMb}
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

function rowsOf({events, ...size}: Size, smallest: Size): BenchRow[] {
  const count = events.toLocaleString('en')
  const beside = `with ${smallest.events.toLocaleString('en')}`
  const query = {
    claim: `growth, ${count} events: query by agent, type and time`,
    ours: size.queryMs,
    peer: 300,
    peerName: 'promised',
    unit: 'ms',
    aim: {atMost: 1},
  }
  const disk = {
    claim: `growth, ${count} events: disk for an event`,
    ours: size.bytesPerEvent,
    peer: ndjsonBytes(),
    peerName: 'the same as NDJSON',
    unit: 'bytes',
    aim: {atMost: 2},
  }
  if (events === smallest.events) return [query, disk]
  return [
    {
      claim: `growth, ${count} events: append`,
      ours: size.appendedPerSecond,
      peer: smallest.appendedPerSecond,
      peerName: beside,
      unit: 'events/s',
      aim: {atLeast: 0.5},
    },
    query,
    disk,
  ]
}

/** Buffers and garbage reach their usual size in the first hundred thousand events; from there on nothing is to grow. */
function memoryRow(largest: Size, before: Size): BenchRow {
  return {
    claim: `growth, ${largest.events.toLocaleString('en')} events: memory of a query that prints all`,
    ours: largest.memoryMb,
    peer: before.memoryMb,
    peerName: `with ${before.events.toLocaleString('en')}`,
    unit: 'MB',
    aim: {atMost: 1.2},
  }
}

function ndjsonBytes(): number {
  const events = sampleEvents(1000)
  return events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)) + 1, 0) / events.length
}
