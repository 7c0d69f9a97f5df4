import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setTimeout} from 'node:timers/promises'
import type {BenchRow} from './harness.ts'

const root = path.join(import.meta.dirname, '..')
const settleMs = 3000
const watchedMs = 15_000
/** Of `times` in /proc: USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10

/** What `serve` takes of a core while nothing happens: WebSocket server, one webhook, status ticker (Linux). */
export async function serveIdle(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const config = path.join(folder, 'config.json')
  writeFileSync(config, JSON.stringify({webhooks: [{url: 'http://127.0.0.1:9/'}]}))
  const child = spawn(
    process.execPath,
    [path.join(root, 'bin', 'run.js'), 'serve', '--state', folder, '--config', config],
    {stdio: ['ignore', 'ignore', 'pipe']},
  )
  try {
    await once(child.stderr, 'data')
    await setTimeout(settleMs)
    const before = cpuMs(child.pid!)
    await setTimeout(watchedMs)
    const percent = ((cpuMs(child.pid!) - before) / watchedMs) * 100
    return [
      {
        claim: '`serve` while nothing happens',
        ours: percent,
        peer: 0.5,
        peerName: 'limit',
        unit: '% of a core',
        aim: {atMost: 1},
      },
    ]
  } finally {
    child.kill()
    await once(child, 'exit')
    rmSync(folder, {recursive: true})
  }
}

function cpuMs(pid: number): number {
  // The name of the program stands in parentheses and may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}
