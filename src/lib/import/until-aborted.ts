/** The same chunks until the signal aborts, also while the next one is waited for: then they just end. */
export async function* untilAborted<T>(chunks: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = chunks[Symbol.asyncIterator]()
  const {promise, resolve} = Promise.withResolvers<undefined>()
  const stop = () => resolve(undefined)
  signal?.addEventListener('abort', stop, {once: true})
  try {
    while (!signal?.aborted) {
      const next = await Promise.race([iterator.next(), promise])
      if (next === undefined || next.done) return
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    // Not waited for: a terminal that nobody types into would never answer.
    void iterator.return?.()?.catch(() => undefined)
  }
}
