import type {LogRights, Right} from '../rights.ts'
import {lockStreamSuffix, lockSubject} from './lock.ts'
import type {NatsTarget} from './target.ts'

/** What subjects of the JetStream API begin with where the API of another account is imported (`?api=` in a URL). */
export const importedApi = 'claw.api'
const api = '$JS.API'

/**
 * The subjects that reading, appending and managing a log ask on: no more, so nothing that names another stream. Who
 * may make streams could make one that copies others; who may make consumers, and who may ask anything, has the server
 * deliver to any subject of an account. So nobody who is not the administrator makes streams, and nobody asks from
 * within the account of a log (`lib/secure/plan.ts`).
 */
export function rightsOn({stream, prefix}: Pick<NatsTarget, 'stream' | 'prefix'>): LogRights {
  const locks = `${stream}${lockStreamSuffix}`
  return {
    read: [
      apiRight(`STREAM.INFO.${stream}`),
      apiRight(`STREAM.MSG.GET.${stream}`),
      // The client asks without a name behind it for a consumer of several subjects.
      apiRight(`CONSUMER.CREATE.${stream}`),
      apiRight(`CONSUMER.CREATE.${stream}.>`),
      apiRight(`CONSUMER.INFO.${stream}.*`),
      apiRight(`CONSUMER.DELETE.${stream}.*`),
      apiRight(`CONSUMER.MSG.NEXT.${stream}.*`, 'many'),
    ],
    append: [
      right(`${prefix}.>`),
      right(`${lockSubject({stream})}.>`),
      apiRight(`STREAM.MSG.GET.${locks}`),
      apiRight(`STREAM.MSG.DELETE.${locks}`),
    ],
    manage: [
      ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE'].map((verb) => apiRight(`STREAM.${verb}.${stream}`)),
      ...['CREATE', 'DELETE'].map((verb) => apiRight(`STREAM.${verb}.${locks}`)),
    ],
  }
}

function right(subject: string): Right {
  return {subject, as: subject, answers: 'one'}
}

function apiRight(request: string, answers: Right['answers'] = 'one'): Right {
  return {subject: `${api}.${request}`, as: `${importedApi}.${request}`, answers}
}
