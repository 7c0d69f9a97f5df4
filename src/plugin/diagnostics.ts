import type {Diagnostics} from '../lib/delivery/diagnostics.ts'
import type {HostLogger} from './host-api.ts'

/** The host's log, which may lack levels and must never be the reason that recording fails. */
export function hostDiagnostics(logger: Partial<HostLogger> | undefined): Diagnostics {
  const say = (level: keyof HostLogger) => (message: string) => {
    try {
      const write = logger?.[level] ?? logger?.info
      write?.call(logger, `claw-events: ${message}`)
    } catch {
      // There is nowhere left to say it.
    }
  }
  return {debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')}
}
