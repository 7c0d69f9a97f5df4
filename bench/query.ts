import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, renameSync, rmSync} from 'node:fs'
import path from 'node:path'
import {openSqliteStore} from '../src/lib/store/sqlite/store.ts'
import type {BenchRow} from './harness.ts'
import {sampleEvents} from './sample-events.ts'

const root = path.join(import.meta.dirname, '..')
const cache = path.join(root, '.cache', 'bench')
const million = 1_000_000

/** Whole processes over a log of a million events; the limit is the time that users were promised. */
export async function queryMillion(): Promise<BenchRow[]> {
  const file = await millionEvents()
  const cases: Array<[string, string[], number]> = [
    [
      'query by agent, type and time, 1 M events',
      ['--agent', 'agent-3', '--type', 'tool.error', '--since', '2026-01-05', '--until', '2026-01-08'],
      200,
    ],
    ['query by time alone', ['--since', '2026-01-05', '--until', '2026-01-06'], 200],
    ['query by type glob', ['--type', 'tool.*', '--limit', '100'], 200],
    ['query by one common word', ['--text', 'deploy'], 300],
    ['query by two words and agent', ['--text', 'deploy failed', '--agent', 'agent-2'], 300],
    ['query by a rare word', ['--text', 'zanzibar'], 300],
    ['query --count by agent and type', ['--count', '--agent', 'agent-3', '--type', 'tool.error'], 200],
  ]
  return cases.map(([claim, args, limit]) => {
    const all = ['query', '--store', `sqlite:${file}`, '--ndjson', ...args]
    const times = Array.from({length: 7}, () => wall(all)).sort((a, b) => a - b)
    return {claim, ours: times[3]!, peer: limit, peerName: 'promised', unit: 'ms', aim: {atMost: 1}}
  })
}

function wall(args: string[]): number {
  const start = performance.now()
  const {status, stderr, stdout} = spawnSync(process.execPath, [path.join(root, 'bin', 'run.js'), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0 || stdout === '') throw new Error(`${args.join(' ')} found nothing: ${stderr}`)
  return performance.now() - start
}

/** Built once and kept, with its text index. */
async function millionEvents(): Promise<string> {
  const file = path.join(cache, 'million-1.db')
  if (existsSync(file)) return file
  mkdirSync(cache, {recursive: true})
  console.error('building a log of a million events (once) …')
  const making = path.join(cache, 'making.db')
  rmSync(making, {force: true})
  const store = await openSqliteStore(making)
  for (let n = 0; n < million; n += 1000) await store.append(sampleEvents(1000, n))
  await store.count({text: 'zanzibar'})
  await store.close()
  renameSync(making, file)
  return file
}
