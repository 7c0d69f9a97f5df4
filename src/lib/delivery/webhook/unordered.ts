import {type ReadOptions, readLog} from './read-log.ts'
import {launch, type Work} from './work.ts'

/** Sends what is in the log, many at a time; what fails goes to the state store, so that the others go on. */
export async function deliverUnordered(work: Work, options: ReadOptions): Promise<void> {
  for await (const item of readLog(work, options)) {
    if (!(await launch(work, item, 'log'))) return
  }
}
