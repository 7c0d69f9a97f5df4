import {type InputRecord, recordBatches} from '../input/records.ts'
import {createChanges} from './changes.ts'
import type {CompileOptions} from './compile.ts'
import {createExplainer} from './difference.ts'
import type {Policy} from './policy.ts'
import {
  createReplay,
  type Replayed,
  type ReplayedCall,
  type ReplayFault,
  type ReplayOptions,
  type ReplayPolicy,
} from './replay.ts'
import {createTally, type ReplaySummary} from './replay-summary.ts'

/** Takes what a replay finds, as it goes: nothing is kept for it. */
export interface ReplaySink {
  call(replayed: ReplayedCall): void
  fault(fault: ReplayFault): void
  /** Called after every chunk of the input; the replay waits for it. */
  flush(): Promise<void>
}

/** A policy as written and as compiled for replay. */
export interface ReplaySide {
  policy: Policy
  compiled: ReplayPolicy
  compileOptions: CompileOptions
}

type Changes = ReturnType<ReturnType<typeof createChanges>['summary']>

/** A replay under way. */
export interface ReplayRun {
  /** Judges everything in a stream of bytes, in order: memory stays flat however long it is. */
  judge(chunks: AsyncIterable<Uint8Array>, sink: ReplaySink): Promise<void>
  summary(): ReplaySummary
  /** What changed against the other policy, when there is one. */
  changes(): Changes | undefined
}

export function createReplayRun(now: ReplaySide, options: ReplayOptions & {against?: ReplaySide} = {}): ReplayRun {
  const {against, ...replayOptions} = options
  const tally = createTally(now.compiled.live)
  const replay = createReplay(now.compiled, {...replayOptions, onMatch: tally.matched})
  const comparison = against === undefined ? undefined : compare(against, now, replayOptions)

  function take(sink: ReplaySink, replayed: Replayed): void {
    if (replayed === undefined) return
    if (replayed.kind === 'fault') {
      tally.fault()
      sink.fault(replayed.fault)
    } else {
      tally.call(replayed.replayed)
      sink.call(replayed.replayed)
    }
  }

  async function takeLater(
    sink: ReplaySink,
    record: InputRecord,
    replaying: Replayed | Promise<Replayed>,
  ): Promise<void> {
    const replayed = await replaying
    if (replayed?.kind === 'call') await comparison?.add(record, replayed.replayed)
    take(sink, replayed)
  }

  return {
    async judge(chunks, sink) {
      for await (const records of recordBatches(chunks)) {
        for (const record of records) {
          const replayed = replay.next(record)
          // Nothing to wait for is the usual case, and waiting for nothing 100 000 times is not free.
          if (replayed instanceof Promise || comparison !== undefined) await takeLater(sink, record, replayed)
          else take(sink, replayed)
        }
        await sink.flush()
      }
    },
    summary: tally.summary,
    changes: () => comparison?.changes.summary(),
  }
}

/** Judges every call by the old policy too, with a memory of its own. */
function compare(old: ReplaySide, now: ReplaySide, options: ReplayOptions) {
  const replay = createReplay(old.compiled, options)
  const compileOptions = {...old.compileOptions, ...now.compileOptions}
  const {redactedAs} = now.compiled
  const explain = createExplainer(old.policy, now.policy, {...compileOptions, redactedAs})
  const changes = createChanges(({call, at}, from, to) => explain(call, at, from, to))
  return {
    changes,
    async add(record: InputRecord, replayed: ReplayedCall): Promise<void> {
      const before = await replay.next(record)
      if (before?.kind === 'call') changes.add(before.replayed.would, replayed)
    },
  }
}
