import {execFile} from 'node:child_process'
import {statSync} from 'node:fs'
import {promisify} from 'node:util'
import {ClawError} from '../../errors.ts'
import type {LogFile} from './log-file.ts'

/** Files up to this size are checked at once; for larger ones it takes seconds in which SQLite cannot be interrupted. */
const smallFile = 16 * 2 ** 20

/**
 * Damage that no event shows: an index without an entry hides an event from queries. STORE_CORRUPT names the first.
 * With a signal, a large file is checked by a process of its own, which the signal ends.
 */
export async function checkStructure(file: LogFile, signal?: AbortSignal): Promise<void> {
  const isLarge = signal !== undefined && statSync(file.path).size > smallFile
  const finding = (isLarge ? await findElsewhere(file.path, signal) : undefined) ?? findHere(file)
  if (finding === 'ok') return
  throw new ClawError('STORE_CORRUPT', `all events of ${file.path} are whole, but the file is damaged: ${finding}`, {
    suggestions: ['`claw-events replay --to sqlite:NEW` copies the events into a new log'],
  })
}

const check = 'PRAGMA integrity_check(1)'

function findHere(file: LogFile): string {
  return String(file.reader().sql(check).get()?.['integrity_check'])
}

const script = `
  const {DatabaseSync} = require('node:sqlite')
  const db = new DatabaseSync(process.argv[1], {readOnly: true, timeout: 5000})
  process.stdout.write(db.prepare('${check}').get().integrity_check)`

/** Undefined when the other process could not do it: then it has to be done here. */
async function findElsewhere(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const {stdout} = await promisify(execFile)(process.execPath, ['-e', script, path], {signal})
    return stdout || undefined
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
