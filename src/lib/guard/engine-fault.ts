/** Why the engine itself could not judge a call. Such a call is blocked, whatever `onError` says. */
export class EngineFault extends Error {}
