import {randomUUID} from 'node:crypto'
import {hostname} from 'node:os'
import {ClawError} from '../../errors.ts'
import type {Lease} from '../port.ts'
import type {LogFile} from './log-file.ts'
import {createWriter} from './write.ts'

const beatMs = 10_000
/** A holder that has not been heard of for so long is gone, even if a new process has its number by now. */
const expiryMs = 60_000

interface Holder {
  pid: number
  host: string
  since: number
  expires: number
}

/** Takes the lock or fails with LOCK_HELD. Owns `file` from now on: releasing the lock closes it. */
export async function lockTask(file: LogFile, task: string, now: () => number): Promise<Lease> {
  const token = randomUUID()
  const writer = createWriter(file)
  try {
    await writer.write(({sql}) => {
      const row = sql('SELECT pid, host, since, expires FROM locks WHERE task = ?').get(task)
      const holder = row && holderOf(row)
      if (holder && isAlive(holder, now())) throw lockHeld(task, holder)
      const values = [task, token, process.pid, hostname(), now(), now() + expiryMs]
      sql('REPLACE INTO locks (task, token, pid, host, since, expires) VALUES (?, ?, ?, ?, ?, ?)').run(...values)
    })
  } catch (thrown) {
    file.close()
    throw thrown
  }

  function beat(): Promise<void> {
    return writer.write(({sql}) => {
      sql('UPDATE locks SET expires = ? WHERE task = ? AND token = ?').run(now() + expiryMs, task, token)
    })
  }

  // One missed beat (a full disk, a busy file) is no harm: the lock lasts for several.
  const timer = setInterval(() => beat().catch(() => undefined), beatMs)
  timer.unref()
  let released: Promise<void> | undefined

  async function release(): Promise<void> {
    clearInterval(timer)
    try {
      await writer.write(({sql}) => {
        sql('DELETE FROM locks WHERE task = ? AND token = ?').run(task, token)
      })
    } finally {
      file.close()
    }
  }

  return {
    release() {
      released ??= release()
      return released
    },
  }
}

function holderOf(row: Record<string, unknown>): Holder {
  return {
    pid: Number(row['pid']),
    host: String(row['host']),
    since: Number(row['since']),
    expires: Number(row['expires']),
  }
}

function isAlive({pid, host, expires}: Holder, now: number): boolean {
  return expires > now && !(host === hostname() && isDead(pid))
}

function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH'
  }
}

function lockHeld(task: string, {pid, host, since}: Holder): ClawError {
  const began = new Date(since).toISOString()
  return new ClawError('LOCK_HELD', `process ${pid} on ${host} is doing "${task}" on this event log since ${began}`, {
    suggestions: ['wait until it has finished, or end it: the lock ends with its process'],
  })
}
