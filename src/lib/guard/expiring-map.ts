import {RecentMap} from './recent-map.ts'

/** Remembers values for a time, at most `limit` of them: when there are more, the oldest go first. */
export class ExpiringMap<Value> {
  private readonly entries: RecentMap<{value: Value; expiresAt: number}>

  constructor(limit: number) {
    this.entries = new RecentMap(limit)
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.entries.peek(key)
    return entry !== undefined && entry.expiresAt > now ? entry.value : undefined
  }

  set(key: string, value: Value, expiresAt: number): void {
    this.entries.put(key, {value, expiresAt})
  }
}
