/** Why a request gave no response that may be used. */
export type HttpFaultKind = 'url' | 'address' | 'redirect' | 'connection' | 'timeout' | 'aborted' | 'too-large'

/** A request that failed. The message names the host only: paths and queries of webhooks are often secrets. */
export class HttpFault extends Error {
  readonly kind: HttpFaultKind

  constructor(kind: HttpFaultKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : {cause})
    this.name = 'HttpFault'
    this.kind = kind
  }
}
