import {randomBytes} from 'node:crypto'

/** 192 random bits, in characters that need no escape in a URL. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url')
}

/**
 * Cost of the hashes. It is what a guesser pays for each try, which does not matter for random passwords of this length,
 * and what the server pays for each connection: 10 ms instead of the usual 100.
 */
const rounds = 7

/** The bcrypt hash of a password, in the form that every nats-server reads. */
export async function hashPassword(password: string): Promise<string> {
  const {hash} = (await import('bcryptjs')).default
  // The same algorithm under the name that servers before 2.10 know.
  return (await hash(password, rounds)).replace(/^\$2[by]\$/, '$2a$')
}
