export interface SilenceWatch {
  /** Something came from the other side. */
  heard(): void
  stop(): void
}

export interface SilenceOptions {
  silentMs: number
  /** Whether the other side has something to say at all. */
  isDue: () => boolean
  /** Called once for each silence. */
  onSilence: () => void
}

/** Silence is counted in ticks, of which a busy process has fewer: it does not take itself for a silent server. */
const ticks = 5

/** Watches for the other side saying nothing for `silentMs` although something is due. */
export function watchSilence({silentMs, isDue, onSilence}: SilenceOptions): SilenceWatch {
  let quiet = 0
  const timer = setInterval(() => {
    quiet = isDue() ? quiet + 1 : 0
    if (quiet === ticks) onSilence()
  }, silentMs / ticks)
  return {
    heard() {
      quiet = 0
    },
    stop: () => clearInterval(timer),
  }
}
