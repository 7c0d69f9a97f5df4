import type {Terminal} from './terminal.ts'

export interface Progress {
  isShown: boolean
  update(done: number, total?: number): void
  stop(): void
}

const silent: Progress = {isShown: false, update: () => undefined, stop: () => undefined}

/** The same for a command that prints its data line by line: on one terminal both would write over each other. */
export function createProgressBeside(term: Terminal, options: {unit: string}): Progress {
  return term.width === undefined ? createProgress(term, options) : silent
}

/** A progress line on stderr while somebody watches; nothing in a pipe or a log. */
export function createProgress({interactive}: Terminal, {unit}: {unit: string}): Progress {
  if (!interactive) return silent
  let bar: {update(done: number): void; setTotal(total: number): void; stop(): void} | undefined
  let latest = {done: 0, total: 0}
  let stopped = false
  const draw = () => {
    bar?.setTotal(Math.max(latest.total, latest.done))
    bar?.update(latest.done)
  }
  // The library is loaded only once there is something to show.
  void import('cli-progress').then(({default: {SingleBar}}) => {
    if (stopped) return
    const known = latest.total > 0
    const format = known
      ? `{bar} {value}/{total} ${unit}  {percentage}%  {eta_formatted} left`
      : `{value} ${unit}  {duration_formatted}`
    const single = new SingleBar({
      format,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
    })
    single.start(Math.max(latest.total, latest.done, 1), latest.done)
    bar = single
  })
  return {
    isShown: true,
    update(done, total = 0) {
      latest = {done, total}
      draw()
    },
    stop() {
      stopped = true
      draw()
      bar?.stop()
    },
  }
}
