import {ClawError, Exit} from '../errors.ts'
import type {Reader} from './plan.ts'

/** Who may read what beside the agents' own logs, from `AGENT:OTHER` and names of those who may read all. */
export function readersOf({read = [], shared = []}: {read?: readonly string[]; shared?: readonly string[]}): Reader[] {
  const byName = new Map<string, Set<string>>()
  for (const pair of read) {
    const [name, other] = splitPair(pair)
    byName.set(name, (byName.get(name) ?? new Set()).add(other))
  }
  for (const name of shared) if (name.trim() === '') throw invalid('--shared-reader', name, 'it is no name')
  const all = new Set(shared)
  const some = [...byName].filter(([name]) => !all.has(name))
  return [
    ...some.map(([name, agents]): Reader => ({name, agents: [...agents]})),
    ...[...all].map((name): Reader => ({name, agents: 'all'})),
  ]
}

/** Agent ids may hold colons: then the pair has several, and cannot be read. */
function splitPair(pair: string): [name: string, other: string] {
  const parts = pair.split(':')
  const [name = '', other = ''] = parts
  if (parts.length !== 2 || name.trim() === '' || other.trim() === '') {
    throw invalid('--read', pair, 'it is not AGENT:OTHER')
  }
  if (name === other) throw invalid('--read', pair, 'every agent reads its own log anyway')
  return [name, other]
}

function invalid(flag: string, value: string, why: string): ClawError {
  return new ClawError('USAGE', `${flag} ${JSON.stringify(value)}: ${why}`, {
    exit: Exit.usage,
    suggestions: ['for example --read assistant-one:assistant-two', 'or --shared-reader NAME for who may read all'],
  })
}
