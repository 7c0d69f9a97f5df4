import {readFile, stat} from 'node:fs/promises'
import {ClawError, Exit, messageOf} from '../errors.ts'
import {isMissing} from './document.ts'

/** The largest secret or certificate that is read. */
const longestSecret = 1024 * 1024

/** Why a file that holds a secret cannot be used: it is missing, or others can read it. Undefined when it can. */
export async function secretFileFault(file: string): Promise<string | undefined> {
  try {
    const {mode, size} = await stat(file)
    if (size > longestSecret) return `${file}, which is larger than 1 MiB`
    // Windows has no such bits; there every file looks open.
    if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined
    return `${file}, which others can read (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`
  } catch (error) {
    return isMissing(error) ? `${file}, which is not there` : messageOf(error)
  }
}

/** What a secret file must be, in a fault. */
export const secretFileForm = 'a file that only its owner can read (chmod 600)'

/** The text of a secret file, without blanks around it. CONFIG_INVALID when it cannot be used or is empty. */
export async function readSecretFile(file: string): Promise<string> {
  const fault = await secretFileFault(file)
  const text = fault === undefined ? (await readFile(file, 'utf8')).trim() : ''
  if (text !== '') return text
  throw new ClawError('CONFIG_INVALID', `expected ${secretFileForm}, found ${fault ?? `${file}, which is empty`}`, {
    exit: Exit.usage,
    suggestions: [`chmod 600 ${file}`],
  })
}
