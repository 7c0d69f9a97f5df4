/** The part of OpenClaw's plugin API that is used. */
export interface HostApi {
  registrationMode?: string
  logger: {info(message: string): void}
}

/** Connects one registration to the process's recorder and guard. */
export function attach({logger, registrationMode}: HostApi): void {
  logger.info(`claw-events: registered (${registrationMode ?? 'no mode'})`)
}
