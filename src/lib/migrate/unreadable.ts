import {messageOf} from '../errors.ts'

/** Why one file cannot be taken in; the run reports it by name and goes on with the rest. */
export class Unreadable extends Error {}

const words: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it is not there any more, or its name is not valid UTF-8',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its path is too long',
  EIO: 'the disk cannot read it',
}

/** A system error in words, without the absolute path that its message holds. */
export function reasonOf(thrown: unknown): string {
  const code = codeOf(thrown)
  return words[code] ?? (code || messageOf(thrown))
}

/** A system error's code; '' for any other error. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}
