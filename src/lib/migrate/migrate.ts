import {setImmediate} from 'node:timers/promises'
import type {ClawEvent} from '../event/envelope.ts'
import type {AgentWorkspace} from '../openclaw/workspaces.ts'
import type {EventStore, Lease} from '../store/port.ts'
import {type Change, changesOf, removalOf} from './changes.ts'
import {type MemoryDocument, readDocument} from './document.ts'
import {type Ledger, readLedger} from './ledger.ts'
import {readWholeFile} from './read-file.ts'
import {createRecorder, type Recorder} from './recorder.ts'
import {areMost, countRemovals, isIn, type Removals, tooManyRemovals} from './removals.ts'
import {type Failure, type MemoryFile, type Scan, scanWorkspace} from './scan.ts'
import {reasonOf} from './unreadable.ts'
import {type OpenedWorkspace, openWorkspaces} from './workspace.ts'

export interface MigrateOptions {
  store: EventStore
  /** The exclusive right to migrate into the store; not taken in a dry run. */
  lock: () => Promise<Lease>
  /** Do everything but the writing. */
  dryRun?: boolean
  /**
   * Asked before anything is written when a run would record most of an agent's memory as removed (`areMost`); what it
   * throws ends the run. Absent: such a run fails.
   */
  confirmRemovals?: (removals: Removals) => void | Promise<void>
  /** Epoch milliseconds. */
  now: () => number
  signal?: AbortSignal
  onProgress?: (progress: {filesDone: number; filesTotal: number; events: number}) => void
  /** Gets each event that is written, or would be, in order. */
  onEvent?: (event: ClawEvent) => void | Promise<void>
}

/** docs/output.md, `migrate --json`. In a dry run it says what a run would do. */
export interface MigrateResult {
  /** Files that were read. */
  files: number
  /** What they and the removals come to: appended and duplicates. */
  events: number
  appended: number
  /** Events that the log held already. */
  duplicates: number
  /** Earlier events that appended ones take the place of, or say are gone. */
  superseded: number
  failed: Failure[]
}

/**
 * Records an agent's memory files as events. What the log holds already is not recorded again, however an earlier run
 * ended; what changed supersedes what was there. A file that cannot be read is in `failed`, the rest goes on.
 */
export function migrateWorkspace({
  workspace,
  agentId,
  ...options
}: AgentWorkspace & MigrateOptions): Promise<MigrateResult> {
  return migrateWorkspaces([{workspace, agentId}], options)
}

/** The same for several agents; their results are added up, and the paths in `failed` begin with the workspace's. */
export async function migrateWorkspaces(
  workspaces: readonly AgentWorkspace[],
  options: MigrateOptions,
): Promise<MigrateResult> {
  const {opened, failed} = openWorkspaces(workspaces)
  const lease = options.dryRun ? undefined : await options.lock()
  const recorder = createRecorder(options)
  const tally: Tally = {files: 0, events: 0, known: 0, superseded: 0, failed, filesDone: 0, filesTotal: 0}
  try {
    const surveyed: Surveyed[] = []
    for (const workspace of opened) surveyed.push(await survey(workspace, options))
    for (const workspace of surveyed) await migrateOne(workspace, {...options, recorder, tally})
    const {appended, duplicates} = await recorder.finish()
    const {files, events, known, superseded} = tally
    return {files, events, appended, duplicates: known + duplicates, superseded, failed}
  } finally {
    await recorder.settle()
    await lease?.release()
  }
}

interface Tally {
  files: number
  events: number
  /** Events that were not even made, since the log holds them. */
  known: number
  superseded: number
  failed: Failure[]
  filesDone: number
  filesTotal: number
}

interface Run extends MigrateOptions {
  recorder: Recorder
  tally: Tally
}

interface Surveyed extends OpenedWorkspace {
  ledger: Ledger
  scan: Scan
}

/** What the log and the workspace hold, and whether somebody has to agree before it is recorded. */
async function survey(workspace: OpenedWorkspace, options: MigrateOptions): Promise<Surveyed> {
  const {store, signal, confirmRemovals = refuse} = options
  const {agentId, root} = workspace
  const ledger = await readLedger(store, agentId, signal)
  const scan = scanWorkspace(root)
  const removals = await countRemovals(scan, ledger, signal)
  if (areMost(removals)) await confirmRemovals({agentId, workspace: root, ...removals})
  return {...workspace, ledger, scan}
}

function refuse(removals: Removals): never {
  throw tooManyRemovals(removals)
}

/** Files between two turns of the event loop, so that a signal stops also a run that finds nothing to append. */
const filesPerTurn = 64

async function migrateOne({prefix, agentId, ledger, scan}: Surveyed, run: Run): Promise<void> {
  const {now, signal, tally, onProgress} = run
  const {files, failed} = scan
  tally.filesTotal += files.length
  for (const file of files) {
    signal?.throwIfAborted()
    const document = await readFile(file, failed)
    if (document) {
      tally.files++
      await record(changesOf(document, ledger.take(file.path), {agentId, now}), run)
    }
    onProgress?.({filesDone: ++tally.filesDone, filesTotal: tally.filesTotal, events: tally.events})
    if (tally.filesDone % filesPerTurn === 0) await setImmediate()
  }
  const failedPaths = new Set(failed.map(({path}) => path))
  for (const path of ledger.paths()) {
    if (!isIn(failedPaths, path)) await record(removalOf(path, ledger.take(path), {agentId, now}), run)
  }
  for (const {path, reason} of failed) tally.failed.push({path: prefix + path, reason})
}

async function readFile({path, location}: MemoryFile, failed: Failure[]): Promise<MemoryDocument | undefined> {
  try {
    return await readDocument(path, readWholeFile(location))
  } catch (error) {
    failed.push({path, reason: reasonOf(error)})
    return undefined
  }
}

async function record(changes: Iterable<Change>, {recorder, tally, signal}: Run): Promise<void> {
  for (const event of changes) {
    signal?.throwIfAborted()
    tally.events++
    if (event === null) tally.known++
    else {
      if (event.metadata?.['supersedes'] !== undefined) tally.superseded++
      await recorder.add(event)
    }
  }
}
