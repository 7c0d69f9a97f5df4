import {isUtf8} from 'node:buffer'
import {hash} from 'node:crypto'
import {type BigIntStats, closeSync, constants, fstatSync, openSync, readSync} from 'node:fs'
import {Unreadable} from './unreadable.ts'

export interface FileContent {
  /** Decoded and otherwise as it is: line ends and a byte order mark too. */
  text: string
  /** Hex, of the bytes. */
  sha256: string
  mtimeMs: number
}

/** In bytes. Nothing that people or agents write down as notes comes near it. */
export const largestFile = 32 * 1024 * 1024

// A path that turned into a link since it was looked at is not followed, and a pipe does not hold the run.
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * The whole of a regular file, or `Unreadable`: too large, not UTF-8, or changed in between, so that what is returned
 * was in the file at one moment. Synchronous: for ten thousand small files that is several times faster.
 */
export function readWholeFile(location: string): FileContent {
  const reading = startReading(location)
  try {
    const {text, sha256} = decode(reading.read())
    if (reading.hasChanged()) throw new Unreadable('it changed while it was read')
    return {text, sha256, mtimeMs: reading.mtimeMs}
  } finally {
    reading.close()
  }
}

export interface Reading {
  mtimeMs: number
  read(): Buffer
  hasChanged(): boolean
  close(): void
}

export function startReading(location: string): Reading {
  const file = openSync(location, openFlags)
  const before = fstatSync(file, {bigint: true})
  return {
    mtimeMs: Number(before.mtimeMs),
    read() {
      if (!before.isFile()) throw new Unreadable('not a regular file')
      if (before.size > largestFile)
        throw new Unreadable(`larger than ${largestFile / 2 ** 20} MiB (${before.size} bytes)`)
      return readBytes(file, Number(before.size))
    },
    hasChanged: () => !isSame(before, fstatSync(file, {bigint: true})),
    close: () => closeSync(file),
  }
}

function readBytes(file: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let length = 0
  while (length < size) {
    const read = readSync(file, bytes, length, size - length, length)
    if (read === 0) throw new Unreadable('it changed while it was read')
    length += read
  }
  return bytes
}

function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs
}

function decode(bytes: Buffer): {text: string; sha256: string} {
  if (!isUtf8(bytes)) throw new Unreadable('not valid UTF-8')
  return {text: bytes.toString('utf8'), sha256: hash('sha256', bytes)}
}
