/** Exit codes of the command line; docs/output.md lists them for users. */
export const Exit = {done: 0, failed: 1, usage: 2, no: 3, interrupted: 130} as const

export type ErrorCode =
  | 'STORE_UNREACHABLE'
  | 'STORE_AUTH'
  | 'STORE_MISSING'
  | 'STORE_CONFLICT'
  | 'STORE_LOCKED'
  | 'STORE_READ_ONLY'
  | 'STORE_FULL'
  | 'STORE_CORRUPT'
  | 'STORE_CLOSED'
  | 'STORE_FAILED'
  | 'STORE_URL'
  | 'EVENT_INVALID'
  | 'FILTER_INVALID'
  | 'CONFIG_INVALID'
  | 'INPUT_INVALID'
  | 'INPUT_UNREADABLE'
  | 'OUTPUT_UNWRITABLE'
  | 'USAGE'
  | 'LOCK_HELD'
  | 'INTERRUPTED'
  | 'FAILED'

/**
 * The one error users see: what failed with its value and why in `message`, what to do in `suggestions`, and a
 * stable `code` for programs. `exit` is the command's exit code (1 the work failed, 2 wrong usage or configuration).
 */
export class ClawError extends Error {
  readonly code: ErrorCode
  readonly suggestions: readonly string[]
  readonly exit: number

  constructor(
    code: ErrorCode,
    message: string,
    options: {suggestions?: readonly string[]; exit?: number; cause?: unknown} = {},
  ) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause})
    this.name = 'ClawError'
    this.code = code
    this.suggestions = options.suggestions ?? []
    this.exit = options.exit ?? Exit.failed
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
