import type {Anchor} from '../anchor.ts'
import {logStart} from '../port.ts'
import {storeUrl} from './describe.ts'
import {readHead} from './head.ts'
import type {LogFile} from './log-file.ts'
import {positionOf} from './position.ts'

/** The newest link of the chain, and where it is. */
export function anchorOf(file: LogFile, now: () => number): Anchor {
  const {seq, events, chain} = readHead(file.reader())
  return {
    store: storeUrl(file.path),
    position: seq === 0 ? logStart : positionOf(seq),
    events,
    chain,
    at: new Date(now()).toISOString(),
  }
}
