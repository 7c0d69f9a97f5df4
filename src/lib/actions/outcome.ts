/** Why an action gave no output. */
export type FailureKind =
  | 'not-allowed'
  | 'not-startable'
  | 'payload'
  | 'timeout'
  | 'aborted'
  | 'exit'
  | 'output'
  | 'address'
  | 'redirect'
  | 'connection'
  | 'status'

/**
 * What running an action gave. `message` may be shown to an agent: it holds nothing that the action printed.
 * `diagnostics` is for the operator only: the beginning of what a script wrote to its error output.
 */
export type RunOutcome =
  | {ok: true; output: string; diagnostics?: string}
  | {ok: false; kind: FailureKind; message: string; diagnostics?: string}

export type Failure = Extract<RunOutcome, {ok: false}>

export function failure(kind: FailureKind, message: string, diagnostics?: string): Failure {
  return {ok: false, kind, message, ...(diagnostics ? {diagnostics} : {})}
}
