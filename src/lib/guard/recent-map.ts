/** Keeps the `limit` values that were used last. */
export class RecentMap<Value> {
  private readonly entries = new Map<string, Value>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  get size(): number {
    return this.entries.size
  }

  peek(key: string): Value | undefined {
    return this.entries.get(key)
  }

  /** The value of a key, made when it is not there, and now the youngest. */
  use(key: string, make: () => Value): Value {
    const known = this.entries.get(key)
    const value = known ?? make()
    if (known !== undefined) this.entries.delete(key)
    else if (this.entries.size >= this.limit) this.entries.delete(this.entries.keys().next().value!)
    this.entries.set(key, value)
    return value
  }
}
