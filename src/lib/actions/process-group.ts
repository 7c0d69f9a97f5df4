import type {ChildProcess} from 'node:child_process'
import {readdir, readFile} from 'node:fs/promises'

/** Sends a signal to a process and all of its group. A group that is gone is no error. */
export function signalGroup({pid}: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) signalIfThere(-pid, signal)
}

function signalIfThere(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch (error) {
    // ESRCH: it is gone. EPERM: the number belongs to someone else by now.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}

/**
 * Kills what left the group of an action (with setsid, say) but still carries its mark in the environment. Only Linux
 * shows the environment of a process; elsewhere such a process stays.
 */
export async function killMarked(mark: string): Promise<void> {
  const names = await readdir('/proc').catch((): string[] => [])
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid)
  await Promise.all(
    pids.map(async (pid) => {
      // Others' processes cannot be read, and many end while we look.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      if (environment.split('\0').includes(mark)) signalIfThere(pid, 'SIGKILL')
    }),
  )
}
