import type {FSWatcher} from 'node:fs'
import {watch} from 'node:fs'
import {basename, dirname} from 'node:path'
import {realPath} from './file.ts'

/** Changes that the operating system did not report are noticed after this time: on another machine's disk, say. */
const pollMs = 1000
/** The same where nothing can be watched at all. */
const unwatchedPollMs = 250

/** One follower's ear: knows of every change since it last asked. */
export interface Ear {
  /** Resolves when the log may have changed, at the latest after a second, and when `signal` aborts. */
  change(signal: AbortSignal): Promise<void>
  close(): void
}

export interface LogWatch {
  listen(): Ear
  /** Tells all followers to look: for what this process itself knows. */
  wake(): void
  close(): void
}

/**
 * Hears of commits by any process: the directory is watched, since the -wal file that every commit touches comes and
 * goes. Watching may fail or miss a change (network file systems, too many watchers), hence the poll.
 */
export function createWatch(path: string): LogWatch {
  const wakers = new Set<() => void>()
  let watcher: FSWatcher | undefined
  const file = realPath(path)
  const name = basename(file)

  function wake(): void {
    for (const waker of wakers) waker()
  }

  function start(): void {
    try {
      watcher = watch(dirname(file), (_, changed) => {
        if (changed === null || changed === name || changed === `${name}-wal`) wake()
      })
      watcher.on('error', stop)
    } catch {
      // The poll alone is slower, but misses nothing either.
      watcher = undefined
    }
  }

  function stop(): void {
    watcher?.close()
    watcher = undefined
  }

  return {
    wake,
    close: stop,
    listen() {
      if (wakers.size === 0) start()
      let isChanged = false
      let resolve: (() => void) | undefined
      const waker = () => {
        isChanged = true
        resolve?.()
      }
      wakers.add(waker)
      return {
        async change(signal) {
          if (!isChanged && !signal.aborted) {
            const changed = Promise.withResolvers<void>()
            const wake = () => changed.resolve()
            resolve = wake
            const timer = setTimeout(wake, watcher === undefined ? unwatchedPollMs : pollMs)
            signal.addEventListener('abort', wake, {once: true})
            await changed.promise
            signal.removeEventListener('abort', wake)
            clearTimeout(timer)
          }
          isChanged = false
        },
        close() {
          wakers.delete(waker)
          if (wakers.size === 0) stop()
        },
      }
    },
  }
}
