import {ClawError, Exit} from '../errors.ts'

const unitBytes: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Bytes of a size such as `10GB` (decimal), `64MiB` (binary) or `4096`; undefined for anything else. */
export function byteSize(text: string): number | undefined {
  const found = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?i?b?)$/i.exec(text.trim())
  const unit = found && unitBytes[found[2]!.toLowerCase()]
  const bytes = unit ? Math.round(Number(found[1]) * unit) : Number.NaN
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Bytes of a size that stands in a flag; USAGE for anything that `byteSize` does not know. */
export function parseBytes(text: string): number {
  const bytes = byteSize(text)
  if (bytes !== undefined) return bytes
  throw new ClawError('USAGE', `${JSON.stringify(text)} is not a size`, {
    exit: Exit.usage,
    suggestions: ['accepted: 500MB, 10GB (decimal), 64MiB (binary), 4096 (bytes), 0 for no limit'],
  })
}
