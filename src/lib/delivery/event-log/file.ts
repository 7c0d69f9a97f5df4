import {type FileHandle, mkdir, open, rename, rm} from 'node:fs/promises'
import path from 'node:path'

export interface LogFileOptions {
  path: string
  maxBytes: number
  /** How many full files are kept beside the current one, as `<path>.1` (the newest) and so on. */
  keepFiles: number
}

/** An NDJSON file that only grows by whole lines, and is begun anew when it is full. */
export interface NdjsonFile {
  /** Appends lines (each with its line feed). What a failure left half-written is taken back. */
  write(lines: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Opens the file (0600, in a directory 0700), and takes off a last line that a crash cut short. */
export async function openNdjsonFile({path: file, maxBytes, keepFiles}: LogFileOptions): Promise<NdjsonFile> {
  await mkdir(path.dirname(file), {recursive: true, mode: 0o700})
  let handle = await open(file, 'a+', 0o600)
  let size = await trimTornLine(handle)

  async function append(text: string): Promise<void> {
    try {
      await handle.appendFile(text)
      size += Buffer.byteLength(text)
    } catch (error) {
      await handle.truncate(size).catch(() => undefined)
      throw error
    }
  }

  async function rotate(): Promise<void> {
    await handle.close()
    await shiftFiles(file, keepFiles)
    handle = await open(file, 'a+', 0o600)
    size = 0
  }

  return {
    async write(lines) {
      let piece = ''
      for (const line of lines) {
        const isFull = size + Buffer.byteLength(piece) + Buffer.byteLength(line) > maxBytes
        // A single line that is larger than a whole file gets one of its own.
        if (isFull && (size > 0 || piece !== '')) {
          if (piece !== '') await append(piece)
          piece = ''
          await rotate()
        }
        piece += line
      }
      if (piece !== '') await append(piece)
    },
    close: () => handle.close(),
  }
}

const tornLookBytes = 64 * 1024

/** The size of the file without what follows its last line feed. */
async function trimTornLine(handle: FileHandle): Promise<number> {
  const {size} = await handle.stat()
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - tornLookBytes)
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
    const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (at !== -1) {
      const whole = start + at + 1
      if (whole < size) await handle.truncate(whole)
      return whole
    }
    end = start
  }
  if (size > 0) await handle.truncate(0)
  return 0
}

/** From the oldest on, so that a crash on the way loses no file. */
async function shiftFiles(file: string, keepFiles: number): Promise<void> {
  await rm(keepFiles === 0 ? file : `${file}.${keepFiles}`, {force: true})
  for (let number = keepFiles - 1; number >= 0; number--) {
    const from = number === 0 ? file : `${file}.${number}`
    await rename(from, `${file}.${number + 1}`).catch((error) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
}

/** The last lines of a file, the newest first; none where it is not there. */
export async function lastLines(file: string, maxBytes: number): Promise<string[]> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return []
  try {
    const {size} = await handle.stat()
    const start = Math.max(0, size - maxBytes)
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(size - start), 0, size - start, start)
    return buffer.toString('utf8', 0, bytesRead).split('\n').filter(Boolean).reverse()
  } finally {
    await handle.close()
  }
}
