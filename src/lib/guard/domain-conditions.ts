import {compileDomains, readHosts} from '../match/domains.ts'
import type {HostReading} from '../match/hosts.ts'
import {compilePath} from '../match/paths.ts'
import {type Condition, No, type Subject, valueAt, Yes} from './condition.ts'

export type DomainMatcher = 'domainAllowlist' | 'domainBlocklist' | 'domainNotInList'

/**
 * The host of the URL at `path` is in the list (`domainAllowlist` and `domainBlocklist`, as in the rule language's
 * first version) or is not (`domainNotInList`). The last two also match a text that is no URL at all: nobody can say
 * where it leads. In a list of URLs one such is enough for them.
 */
export function domainCondition(name: DomainMatcher, path: string, entries: readonly string[]): Condition {
  const read = compilePath(path)
  const list = compileDomains(entries)
  const matches: (reading: HostReading) => boolean =
    name === 'domainNotInList'
      ? (reading) => reading.kind !== 'absent' && !(reading.kind === 'host' && list.has(reading.host))
      : (reading) =>
          reading.kind === 'host' ? list.has(reading.host) : reading.kind === 'broken' && name === 'domainBlocklist'
  const test = (subject: Subject) => {
    const readings = hostsOf(subject, valueAt(subject, path, read))
    // A list of URLs is not the one URL that an approval was written for.
    if (name === 'domainAllowlist' && Array.isArray(subject.url)) return No
    for (const reading of readings) if (matches(reading)) return Yes
    return No
  }
  return {name, path, expected: entries, found: read, test}
}

function hostsOf(subject: Subject, url: unknown): readonly HostReading[] {
  if (subject.hosts === undefined || subject.url !== url) {
    subject.url = url
    subject.hosts = readHosts(url)
  }
  return subject.hosts
}
