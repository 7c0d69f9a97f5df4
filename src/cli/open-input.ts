import {createReadStream} from 'node:fs'
import {ClawError, Exit, messageOf} from '../lib/errors.ts'

/** Bytes of a file, or of standard input for `-`. INPUT_UNREADABLE says why when it cannot be read. */
export async function* openInput(name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* name === '-' ? process.stdin : createReadStream(name)
  } catch (error) {
    throw new ClawError('INPUT_UNREADABLE', `cannot read ${name}: ${messageOf(error)}`, {
      exit: Exit.usage,
      suggestions: ['name a file that exists and may be read, or - for standard input'],
      cause: error,
    })
  }
}
