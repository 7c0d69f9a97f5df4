/**
 * What running an action gave. `output` is a script's stdout or a webhook's response body, as it came. `message` says
 * why it failed (exit code, time-out, refused connection …) and may be shown to the agent.
 */
export type ActionOutcome = {ok: true; output: string} | {ok: false; message: string}

/** What an action is told on its standard input or in its request body. */
export interface ActionPayload {
  ruleId: string
  event: Record<string, unknown>
}

/** One run of an action by the id it has in `actions`, within `timeoutMs`. Never rejects: a failure is an outcome. */
export type RunAction = (request: {
  actionId: string
  payload: ActionPayload
  timeoutMs: number
}) => Promise<ActionOutcome>
