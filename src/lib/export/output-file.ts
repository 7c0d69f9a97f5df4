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

/** Lines are joined to chunks: a write for each costs more than making it. */
const chunkLength = 256 * 1024

/**
 * Opens a file that appears as a whole or not at all, compressed as its name ends (`.gz`, `.zst`), readable for its
 * owner only. A pipe or a device is written as it comes and gets no manifest.
 */
export function openOutputFile(name: string): OutputFile {
  const target = targetOf(name)
  const partial = target.isRegular
    ? path.join(path.dirname(target.path), `.${path.basename(target.path)}.${process.pid}-${randomUUID()}.partial`)
    : target.path
  const compression = compressionFor(target.path)
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
  const flags = target.isRegular ? 'wx' : 'w'
  const file = createWriteStream(partial, {flags, mode: 0o600, flush: target.isRegular})
  const head = compressor(compression) ?? counter
  const written = head === counter ? pipeline(counter, file) : pipeline(head, counter, file)
  let failure: {cause: unknown} | undefined
  written.catch((cause) => {
    failure = {cause}
  })
  let held: string[] = []
  let heldLength = 0

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      throw unwritable(name, failure?.cause ?? thrown)
    }
  }

  async function flush(): Promise<void> {
    const chunk = Buffer.from(held.join(''))
    held = []
    heldLength = 0
    if (chunk.length === 0) return
    content.update(chunk)
    facts.contentBytes += chunk.length
    if (failure) throw failure.cause
    if (!head.write(chunk)) await Promise.race([once(head, 'drain'), written])
  }

  return {
    compression,
    async line(text) {
      held.push(text, '\n')
      heldLength += text.length
      if (heldLength >= chunkLength) await guarded(flush)
    },
    finish: () =>
      guarded(async () => {
        await flush()
        head.end()
        await written
        return {...facts, sha256: whole.digest('hex'), contentSha256: content.digest('hex')}
      }),
    publish: (manifest) =>
      guarded(async () => {
        if (!target.isRegular) return
        const beside = manifestPath(target.path)
        const newManifest = `${partial}.manifest`
        try {
          await writeFile(newManifest, `${JSON.stringify(manifest, null, 2)}\n`, {mode: 0o600, flush: true})
          // A crash between the two leaves a file without a manifest, never one with another's.
          await rm(beside, {force: true})
          await rename(partial, target.path)
          await rename(newManifest, beside)
          await syncFolder(path.dirname(target.path))
        } finally {
          rmSync(newManifest, {force: true})
        }
      }),
    async discard() {
      file.destroy()
      head.destroy()
      await written.catch(() => undefined)
      if (target.isRegular) await rm(partial, {force: true})
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
