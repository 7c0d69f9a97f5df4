import type {Connection} from './connection.ts'

/**
 * Empties the text index, which begins at the log's start again when it is next used. A row that is deleted from it is
 * only marked: its words stay in the file until that part of the index is merged.
 */
export function forgetAllText({sql}: Connection): void {
  if (sql('SELECT last_seq FROM words_state').get()?.['last_seq'] === 0) return
  sql(`INSERT INTO words (words) VALUES ('delete-all')`).run()
  sql('UPDATE words_state SET last_seq = 0').run()
}
