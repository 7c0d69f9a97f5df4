import {createHash} from 'node:crypto'
import type {EventTest} from '../../filter/compile.ts'
import {compileGlob} from '../../match/glob.ts'

/** What a client may see. */
export interface Rights {
  /** The same for all who may see the same. */
  key: string
  agents?: readonly string[]
  types?: readonly string[]
  allows: EventTest
  /** Keeps the names of clients with different limited tokens apart. */
  namespace: string
}

export const fullRights: Rights = {key: 'all', allows: () => true, namespace: ''}

/** The rights of a limited token. An empty list allows nothing. */
export function limitedRights({token, agents, types}: {token: string; agents?: string[]; types?: string[]}): Rights {
  const known = agents && new Set(agents)
  const globs = types?.map(compileGlob)
  return {
    key: JSON.stringify([agents ?? null, types ?? null]),
    agents,
    types,
    allows: ({agentId, type}) =>
      (known === undefined || known.has(agentId)) && (globs === undefined || globs.some((matches) => matches(type))),
    namespace: `@${createHash('sha256').update(`claw-events client\0${token}`).digest('hex').slice(0, 8)}`,
  }
}
