import {compileKeyTest, secretNames} from '../redact/keys.ts'
import {maskSecrets} from '../redact/secrets.ts'
import {maskUrl} from '../redact/url.ts'
import type {KeyPath} from './key-path.ts'

/** What stands in the place of a secret that is shown to people. */
export const secretMask = '***'

const isSecretKey = compileKeyTest(secretNames)

/** Whether a text at this path must not be shown: by the name of its key or of the list around it; any header. */
export function isSecretPath(path: KeyPath): boolean {
  const keys = path.filter((segment) => typeof segment === 'string')
  const key = keys.at(-1) ?? ''
  return keys.slice(0, -1).includes('headers') || isSecretKey(key) || isSecretKey(key.replace(/s$/, ''))
}

/** What was meant as a URL, without its login, even where it is written so wrongly that it is none. */
export function maskLogin(url: string): string {
  const masked = maskUrl(url)
  const end = masked.lastIndexOf('@')
  const start = masked.lastIndexOf('/', end) + 1
  return end < 0 || masked.slice(start, end) === secretMask ? masked : secretMask + masked.slice(end)
}

/** A text that is no secret as a whole, without the secrets inside it (a URL's password, a key in an argument). */
export function maskText(text: string): string {
  return maskSecrets(maskUrl(text), () => secretMask)
}
