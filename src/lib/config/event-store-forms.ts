import {parseAge} from '../filter/time.ts'
import {byteSize} from './bytes.ts'
import {storeUrlFault} from './store-url.ts'

/** What a text of the section `eventStore` must look like; shared by the schema and by the quick check of commands. */
export interface Form {
  expected: string
  fits: (value: string) => boolean
}

export const storeUrlForm: Form = {
  expected: 'a store URL such as "nats://localhost:4222" or "sqlite:events.db"',
  fits: (value) => storeUrlFault(value) === undefined,
}

export const serverUrlForm: Form = {
  expected: 'a URL such as "nats://localhost:4222"',
  fits: (value) => /^(nats|tls):/i.test(value) && storeUrlFault(value) === undefined,
}

/** JetStream's rule for names of streams. */
export const streamNameForm: Form = {
  expected: 'a stream name: no blanks, dots, slashes, * or >, at most 255 characters',
  fits: (value) => /^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(value),
}

export const subjectPrefixForm: Form = {
  expected: 'a subject prefix such as "openclaw.events": words joined by dots, without blanks, * or >',
  fits: (value) => value.split('.').every((token) => /^[^\s*>\p{Cc}]+$/u.test(token)) && !value.startsWith('$'),
}

export const durationForm: Form = {
  expected: 'a duration such as "30d"',
  fits: (value) => parseAge(value) !== undefined,
}

export const sizeForm: Form = {
  expected: 'a size such as "10GB", or a number of bytes',
  fits: (value) => byteSize(value) !== undefined,
}

export const pathForm: Form = {expected: 'a path', fits: (value) => value.trim() !== ''}

/** The section `eventStore` as it may be written. */
export interface EventStoreSection {
  enabled?: boolean
  url?: string
  streamName?: string
  subjectPrefix?: string
  agents?: Readonly<Record<string, AgentStream>>
  retention?: {maxAge?: string; maxBytes?: string | number}
  credsFile?: string
  nkeyFile?: string
  tls?: {ca?: string; cert?: string; key?: string}
}

/** What one agent's events have of their own; the rest is as for all. */
export interface AgentStream {
  url?: string
  streamName?: string
  subjectPrefix?: string
  credsFile?: string
  nkeyFile?: string
}
