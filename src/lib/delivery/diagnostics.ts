/** Where a long-running part says what happens to it, for the operator: the host's log, or stderr. No secrets. */
export interface Diagnostics {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export const diagnosticLevels = ['debug', 'info', 'warn', 'error'] as const
export type DiagnosticLevel = (typeof diagnosticLevels)[number]
