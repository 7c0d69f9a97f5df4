/** Names under which secrets are kept, in code, headers, files and environments. */
export const secretNames: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'pass',
  'pwd',
  'secret',
  'token',
  'api_key',
  'access_key',
  'access_key_id',
  'private_key',
  'secret_key',
  'signing_key',
  'encryption_key',
  'credential',
  'credentials',
  'authorization',
  'cookie',
  'set_cookie',
  'connection_string',
]

// Names in tool parameters are chosen by others: the memory of names seen must not grow without end.
const memoryLimit = 5000

/**
 * A test for key names. Case, `-` and `_` do not matter, and a name may have words before it: `token` stands for
 * `Token`, `access_token`, `accessToken` and `x-auth-token`, not for `tokens` or `tokenCount`.
 */
export function compileKeyTest(names: readonly string[]): (key: string) => boolean {
  const wanted = new Set(names.map(joined))
  const known = new Map<string, boolean>()
  return (key) => {
    const remembered = known.get(key)
    if (remembered !== undefined) return remembered
    const isWanted = endingsOf(key).some((ending) => wanted.has(ending))
    if (known.size >= memoryLimit) known.clear()
    if (key.length <= 100) known.set(key, isWanted)
    return isWanted
  }
}

function joined(name: string): string {
  return wordsOfName(name).join('')
}

/** `x-authToken` -> `xauthtoken`, `authtoken`, `token`. No name has hundreds of words; its end is what counts. */
function endingsOf(key: string): string[] {
  const words = wordsOfName(key.slice(-200))
  return words.map((_, index) => words.slice(index).join(''))
}

function wordsOfName(name: string): string[] {
  const parts = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
  return parts
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
}
