/** Milliseconds since some moment; they stand still while the process is stopped by Ctrl-Z and goes on by `fg`. */
export function pausableClock(): () => number {
  let pausedMs = 0
  let stoppedAt: number | undefined
  const now = () => performance.now()
  // Windows knows no such signals.
  if (process.platform !== 'win32') {
    process.on('SIGTSTP', () => {
      stoppedAt = now()
      process.kill(process.pid, 'SIGSTOP')
    })
    process.on('SIGCONT', () => {
      if (stoppedAt !== undefined) pausedMs += now() - stoppedAt
      stoppedAt = undefined
    })
  }
  return () => (stoppedAt ?? now()) - pausedMs
}
