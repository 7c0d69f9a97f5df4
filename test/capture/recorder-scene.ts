import {afterEach} from 'vitest'
import {createRecorder, type Recorder, type RecorderOptions} from '../../src/lib/capture/recorder.ts'
import type {DiagnosticLevel, Diagnostics} from '../../src/lib/delivery/diagnostics.ts'

const undo: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

export interface Said extends Diagnostics {
  lines: Array<[DiagnosticLevel, string]>
  of(level: DiagnosticLevel): string[]
}

/** Diagnostics that keep what was said. */
export function diagnosticsOf(): Said {
  const lines: Said['lines'] = []
  const say = (level: DiagnosticLevel) => (message: string) => void lines.push([level, message])
  return {
    lines,
    of: (level) => lines.filter(([one]) => one === level).map(([, message]) => message),
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  }
}

/** A recorder that is flushed after the test, and what it said. */
export function recorderOn(
  openStore: RecorderOptions['openStore'],
  options: Partial<RecorderOptions> = {},
): {recorder: Recorder; said: Said} {
  const said = diagnosticsOf()
  const recorder = createRecorder({openStore, queueLimit: 1000, diagnostics: said, now: Date.now, ...options})
  undo.push(() => recorder.flush(100))
  return {recorder, said}
}

/** The end of this turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
