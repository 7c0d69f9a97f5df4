/**
 * Keeps at most `limit` values, and of those used last at least half as many. Two generations instead of a list in
 * order of use: forgetting one value at a time from the front of a `Map` gets slower with every value forgotten.
 */
export class RecentMap<Value> {
  private young = new Map<string, Value>()
  private old = new Map<string, Value>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  peek(key: string): Value | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  put(key: string, value: Value): void {
    this.young.set(key, value)
    if (this.young.size < this.limit / 2) return
    this.old = this.young
    this.young = new Map()
  }

  /** The value of a key, made when it is not there, and kept as one that was used now. */
  use(key: string, make: () => Value): Value {
    const young = this.young.get(key)
    if (young !== undefined) return young
    const value = this.old.get(key) ?? make()
    this.put(key, value)
    return value
  }
}
