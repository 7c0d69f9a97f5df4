/** A map of what was used last; the one that was left alone for longest is forgotten first. */
export interface Recent<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

export function createRecent<V>(limit: number): Recent<V> {
  const values = new Map<string, V>()
  return {
    get(key) {
      const value = values.get(key)
      if (value === undefined) return undefined
      // Put last: a Map keeps the order of insertion.
      values.delete(key)
      values.set(key, value)
      return value
    },
    set(key, value) {
      values.delete(key)
      values.set(key, value)
      if (values.size > limit) values.delete(values.keys().next().value!)
    },
  }
}
