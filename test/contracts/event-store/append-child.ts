import {json} from 'node:stream/consumers'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import type {Opener} from './other-process.ts'

const {opener, batch} = JSON.parse(process.argv[2] ?? '') as {opener: Opener; batch: number}
const module = await import(opener.module)
const store: EventStore = await module[opener.call](...opener.args)
const events = (await json(process.stdin)) as ClawEvent[]
for (let at = 0; at < events.length; at += batch) await store.append(events.slice(at, at + batch))
await store.close()
