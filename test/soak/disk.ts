import {execFileSync} from 'node:child_process'
import {appendFileSync, closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {Random} from './random.ts'

export interface Disk {
  folder: string
  /** Leaves no space; undefined where this user may not mount a small file system. */
  fill?: () => void
  /** Makes the space free again. */
  free(): void
  /** Adds bytes that are no whole record to the write-ahead logs, as a write that was cut off leaves them. */
  tear(random: Random): void
  remove(): void
}

const sizeMb = 48

/** A folder on a small disk of its own. */
export function makeDisk(): Disk {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-soak-'))
  const ballast = path.join(folder, 'ballast')
  const isSmall = canMount(folder)

  function fill(): void {
    const file = openSync(ballast, 'a')
    try {
      // The last bytes are the ones that count.
      for (const size of [2 ** 20, 4096]) {
        const block = Buffer.alloc(size)
        for (let at = 0; at < sizeMb * 2 ** 20; at += size) if (writeSync(file, block) < size) break
      }
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')) throw thrown
    } finally {
      closeSync(file)
    }
  }

  return {
    folder,
    ...(isSmall && {fill}),
    free: () => rmSync(ballast, {force: true}),
    tear(random) {
      for (const name of readdirSync(folder)) {
        if (!name.endsWith('-wal')) continue
        const bytes = Buffer.from(Array.from({length: random.between(1, 3000)}, () => random.between(0, 255)))
        appendFileSync(path.join(folder, name), bytes)
      }
    },
    remove() {
      if (isSmall) execFileSync('umount', ['--lazy', folder])
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

function canMount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'claw-soak', folder], {stdio: 'ignore'})
    return true
  } catch {
    return false
  }
}
