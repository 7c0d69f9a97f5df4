/**
 * Remembers values for a time, at most `limit` of them. Expired ones are dropped from the front as new ones come, so
 * that no call pays for the memory of others; when it is full the oldest goes.
 */
export class ExpiringMap<Value> {
  private readonly entries = new Map<string, {value: Value; expiresAt: number}>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.expiresAt > now ? entry.value : undefined
  }

  set(key: string, value: Value, expiresAt: number, now: number): void {
    // Set anew, it is the youngest again: the order of the map is the order of expiry.
    this.entries.delete(key)
    for (const [oldest, entry] of this.entries) {
      if (entry.expiresAt > now && this.entries.size < this.limit) break
      this.entries.delete(oldest)
    }
    this.entries.set(key, {value, expiresAt})
  }
}
