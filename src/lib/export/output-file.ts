import {createHash, randomUUID} from 'node:crypto'
import {once} from 'node:events'
import {createWriteStream, realpathSync, rmSync, statSync} from 'node:fs'
import {open, rename, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {Transform} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {constants, createGzip, createZstdCompress} from 'node:zlib'
import {ClawError, Exit, messageOf} from '../errors.ts'
import type {Compression} from '../input/decompress.ts'
import {type Manifest, manifestPath} from '../input/manifest.ts'

export interface OutputFile {
  compression: Compression
  /** Adds a line. Resolves when the next one may come. */
  line(text: string): Promise<void>
  /** Everything is on the disk, under a name of its own. */
  finish(): Promise<FileFacts>
  /** Puts file and manifest in their places; until then nothing of them is seen. */
  publish(manifest: Manifest): Promise<void>
  /** Leaves nothing behind. */
  discard(): Promise<void>
}

export type FileFacts = Pick<Manifest, 'bytes' | 'sha256' | 'contentBytes' | 'contentSha256'>

/**
 * Opens a file that appears as a whole or not at all, compressed as its name ends (`.gz`, `.zst`), readable for its
 * owner only. A pipe or a device is written as it comes and gets no manifest.
 */
export function openOutputFile(name: string): OutputFile {
  const {path: target, isRegular} = targetOf(name)
  const partial = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}-${randomUUID()}.partial`)
  const compression = compressionFor(target)
  const writer = createLineWriter(isRegular ? partial : target, {compression, isRegular})

  async function guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (thrown) {
      throw unwritable(name, thrown)
    }
  }

  return {
    compression,
    line: (text) => guarded(writer.line(text)),
    finish: () => guarded(writer.finish()),
    async publish(manifest) {
      if (isRegular) await guarded(publish({partial, target, manifest}))
    },
    async discard() {
      await writer.destroy()
      if (isRegular) await rm(partial, {force: true})
    },
  }
}

/** Puts a file and its manifest in their places. */
async function publish({partial, target, manifest}: {partial: string; target: string; manifest: Manifest}) {
  const newManifest = `${partial}.manifest`
  try {
    await writeFile(newManifest, `${JSON.stringify(manifest, null, 2)}\n`, {mode: 0o600, flush: true})
    // A crash between the two leaves a file without a manifest, never one with another's.
    await rm(manifestPath(target), {force: true})
    await rename(partial, target)
    await rename(newManifest, manifestPath(target))
    await syncFolder(path.dirname(target))
  } finally {
    rmSync(newManifest, {force: true})
  }
}

interface LineWriter {
  line(text: string): Promise<void>
  finish(): Promise<FileFacts>
  destroy(): Promise<void>
}

/** Lines are joined to chunks: a write for each costs more than making it. */
const chunkLength = 256 * 1024

/** Writes lines, counts and hashes what they come to, before and after compression. */
function createLineWriter(
  place: string,
  {compression, isRegular}: {compression: Compression; isRegular: boolean},
): LineWriter {
  const content = createHash('sha256')
  const whole = createHash('sha256')
  const facts = {bytes: 0, contentBytes: 0}
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      whole.update(chunk)
      facts.bytes += chunk.length
      done(null, chunk)
    },
  })
  const file = createWriteStream(place, {flags: isRegular ? 'wx' : 'w', mode: 0o600, flush: isRegular})
  const head = compressor(compression) ?? counter
  const written = head === counter ? pipeline(counter, file) : pipeline(head, counter, file)
  // Told when the next chunk is to be written.
  written.catch(() => undefined)
  let held: string[] = []
  let heldLength = 0

  async function flush(): Promise<void> {
    const chunk = Buffer.from(held.join(''))
    held = []
    heldLength = 0
    if (chunk.length === 0) return
    content.update(chunk)
    facts.contentBytes += chunk.length
    // What ended early has failed, and says why.
    if (head.destroyed) return written
    if (!head.write(chunk)) await Promise.race([once(head, 'drain').catch(() => written), written])
  }

  return {
    async line(text) {
      held.push(text, '\n')
      heldLength += text.length
      if (heldLength >= chunkLength) await flush()
    },
    async finish() {
      await flush()
      head.end()
      await written
      return {...facts, sha256: whole.digest('hex'), contentSha256: content.digest('hex')}
    },
    async destroy() {
      file.destroy()
      head.destroy()
      await written.catch(() => undefined)
      // It may only now be opened, and would come after its removal.
      if (!file.closed) await once(file, 'close').catch(() => undefined)
    },
  }
}

/** What is at the name already: a link is followed, so that it goes on pointing where it did. */
function targetOf(name: string): {path: string; isRegular: boolean} {
  const found = statSync(name, {throwIfNoEntry: false})
  if (found?.isDirectory()) {
    throw new ClawError('USAGE', `${name} is a folder`, {exit: Exit.usage, suggestions: ['name a file in it']})
  }
  if (!found) return {path: path.resolve(name), isRegular: true}
  return {path: realpathSync(name), isRegular: found.isFile()}
}

function compressionFor(name: string): Compression {
  if (/\.gz$/i.test(name)) return 'gzip'
  return /\.zst$/i.test(name) ? 'zstd' : 'none'
}

function compressor(compression: Compression): Transform | undefined {
  if (compression === 'gzip') return createGzip()
  return compression === 'zstd' ? createZstdCompress({params: {[constants.ZSTD_c_checksumFlag]: 1}}) : undefined
}

/** Names are on the disk only when their folder is; where a folder cannot be opened, nothing more can be done. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined)
  try {
    await handle?.sync()
  } catch {
    // Some file systems do not know this.
  } finally {
    await handle?.close()
  }
}

function unwritable(name: string, cause: unknown): ClawError {
  if (cause instanceof ClawError) return cause
  const isFull = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')
  return new ClawError('OUTPUT_UNWRITABLE', `cannot write ${name}: ${messageOf(cause)}`, {
    suggestions: [
      isFull
        ? 'free some space there, or name a file on another disk; nothing was left half-written'
        : 'name a file in a folder that exists and may be written',
    ],
    cause,
  })
}
