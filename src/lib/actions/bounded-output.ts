import type {Readable} from 'node:stream'

/** The beginning of what a stream carries; what goes beyond the limit is read and dropped, or reported. */
export class BoundedOutput {
  readonly limit: number
  private readonly chunks: Buffer[] = []
  private length = 0

  constructor(stream: Readable, limit: number, onTooMuch?: () => void) {
    this.limit = limit
    stream.on('data', (chunk: Buffer) => {
      const before = this.length
      this.length += chunk.length
      if (before < limit) this.chunks.push(chunk.subarray(0, limit - before))
      if (before <= limit && this.length > limit) onTooMuch?.()
    })
    // A stream that breaks is a process that ended: its end is what counts.
    stream.on('error', () => stream.destroy())
  }

  get isTooMuch(): boolean {
    return this.length > this.limit
  }

  text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  get bytes(): number {
    return this.length
  }
}
