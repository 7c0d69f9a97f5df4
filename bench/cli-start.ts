import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {BenchRow} from './harness.ts'

const root = path.join(import.meta.dirname, '..')
const runs = 15

/** Wall time of whole processes, each beside bare Node that prints one line, in turns. */
export async function cliStart(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const bare = path.join(folder, 'bare.mjs')
  writeFileSync(bare, 'console.log(1)\n')
  const env = {...process.env, OPENCLAW_STATE_DIR: folder, NO_COLOR: '1'}
  const bin = path.join(root, 'bin', 'run.js')
  const wall = (args: string[]) => {
    const start = performance.now()
    const {status, stderr} = spawnSync(process.execPath, args, {env, encoding: 'utf8'})
    if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`)
    return performance.now() - start
  }
  wall([bin, 'emit', '--type', 'bench.started'])
  const cases: Array<[string, string[], number]> = [
    ['claw-events --help', ['--help'], 1.5],
    ['claw-events tail --help', ['tail', '--help'], 3.2],
    ['claw-events query --limit 1', ['query', '--limit', '1'], 3.3],
  ]
  const rows: BenchRow[] = []
  for (const [claim, args, atMost] of cases) {
    for (let warm = 0; warm < 3; warm++) wall([bin, ...args])
    const ours: number[] = []
    const peer: number[] = []
    for (let i = 0; i < runs; i++) {
      ours.push(wall([bin, ...args]))
      peer.push(wall([bare]))
    }
    const middle = (values: number[]) => values.sort((a, b) => a - b)[runs >> 1]!
    rows.push({claim, ours: middle(ours), peer: middle(peer), peerName: 'bare node', unit: 'ms', aim: {atMost}})
  }
  rmSync(folder, {recursive: true})
  return rows
}
