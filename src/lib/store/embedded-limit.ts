/** The largest event that a log of our own (memory, SQLite) keeps whole, in bytes of JSON. */
export const embeddedEventBytes = 5 * 2 ** 20
