import {createHash} from 'node:crypto'
import {ClawError} from '../errors.ts'
import {decompressed} from '../input/decompress.ts'
import {type Manifest, manifestPath, readManifest} from '../input/manifest.ts'
import {untilAborted} from './until-aborted.ts'

export interface CheckOptions {
  open: () => AsyncIterable<Uint8Array>
  signal?: AbortSignal
  onProgress?: (progress: {bytes: number; total: number}) => void
}

/**
 * Compares a file with the manifest that lies beside it, before anything of it is used; returns it, or undefined where
 * none lies there. INPUT_INVALID names all that differs.
 */
export async function checkManifest(file: string, options: CheckOptions): Promise<Manifest | undefined> {
  const manifest = await readManifest(manifestPath(file))
  if (manifest === undefined) return undefined
  if (manifest.format === 'otlp') throw noEvents(file)
  const found = await measure(manifest, options)
  if (options.signal?.aborted) return manifest
  const differences = differencesOf(manifest, found)
  if (differences.length === 0) return manifest
  throw new ClawError('INPUT_INVALID', `${file} is not what its manifest says: ${differences.join('; ')}`, {
    suggestions: [
      'copy the file again from where it was made',
      `to import it as it is, move ${manifestPath(file)} away`,
    ],
  })
}

type Measured = Pick<Manifest, 'bytes' | 'sha256' | 'contentBytes' | 'contentSha256' | 'lines'>

async function measure({bytes: total}: Manifest, {open, signal, onProgress}: CheckOptions): Promise<Measured | string> {
  const whole = createHash('sha256')
  const content = createHash('sha256')
  const found = {bytes: 0, contentBytes: 0, lines: 0}
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of untilAborted(open(), signal)) {
      whole.update(chunk)
      found.bytes += chunk.length
      onProgress?.({bytes: found.bytes, total})
      yield chunk
    }
  }
  try {
    for await (const chunk of decompressed(counted())) {
      content.update(chunk)
      found.contentBytes += chunk.length
      found.lines += newlinesIn(chunk)
    }
  } catch (thrown) {
    if (thrown instanceof ClawError && thrown.code === 'INPUT_INVALID') return thrown.message
    throw thrown
  }
  return {...found, sha256: whole.digest('hex'), contentSha256: content.digest('hex')}
}

const newline = 10

function newlinesIn(chunk: Uint8Array): number {
  let count = 0
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) count++
  return count
}

function differencesOf(manifest: Manifest, found: Measured | string): string[] {
  if (typeof found === 'string') return [found]
  const {bytes, contentBytes, lines} = manifest
  const differences: string[] = []
  if (found.bytes !== bytes) differences.push(`it has ${found.bytes} bytes, not ${bytes}`)
  else if (found.sha256 !== manifest.sha256) differences.push(`its sha256 is ${found.sha256}, not ${manifest.sha256}`)
  if (found.contentBytes !== contentBytes)
    differences.push(`its content has ${found.contentBytes} bytes, not ${contentBytes}`)
  else if (found.contentSha256 !== manifest.contentSha256) differences.push('its content has another sha256')
  if (found.lines !== lines) differences.push(`it has ${found.lines} lines, not ${lines}`)
  return differences
}

function noEvents(file: string): ClawError {
  return new ClawError('INPUT_INVALID', `${file} holds OTLP traces, from which events cannot be taken back`, {
    suggestions: ['export with --format claw to import elsewhere'],
  })
}
