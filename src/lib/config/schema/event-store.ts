import * as z from 'zod'
import {checkedText, flag, named, section} from '../../guard/schema-forms.ts'
import {
  durationForm,
  type Form,
  pathForm,
  serverUrlForm,
  sizeForm,
  storeUrlForm,
  streamNameForm,
  subjectPrefixForm,
} from '../event-store-forms.ts'

const formed = ({expected, fits}: Form) => checkedText(expected, fits).optional()

const file = () => formed(pathForm)

const login = {
  credsFile: file().describe(
    'NATS credentials file; relative to the state directory, as all paths; only we may read it',
  ),
  nkeyFile: file().describe('File with an NKey seed; only we may read it'),
}

const agentStream = section({
  url: formed(serverUrlForm).describe("The agent's own server or login"),
  streamName: formed(streamNameForm),
  subjectPrefix: formed(subjectPrefixForm).describe("An event's subject is this and its type"),
  ...login,
})

const size = z
  .union([checkedText(sizeForm.expected, sizeForm.fits), z.int().min(0, {error: sizeForm.expected})], {
    error: sizeForm.expected,
  })
  .optional()
  .describe('Keep at most this much, such as "10GB"')

/** Where events are kept. */
export const eventStore = section({
  enabled: flag().default(true).describe('false: the embedded log only, whatever url says'),
  url: formed(storeUrlForm).describe('nats://user:password@host:4222, tls://…, sqlite:PATH; none: the embedded log'),
  streamName: formed(streamNameForm).describe('Default openclaw-events'),
  subjectPrefix: formed(subjectPrefixForm).describe('Default openclaw.events'),
  agents: named(agentStream).default({}).describe('Agents with a stream of their own, by id'),
  retention: section({
    maxAge: formed(durationForm).describe('Keep events this long after they were stored, such as "90d"'),
    maxBytes: size,
  })
    .prefault({})
    .describe('None: for ever. What a live reader has not read yet is never removed'),
  ...login,
  tls: section({ca: file(), cert: file(), key: file()}).optional().describe('Certificates, as PEM files'),
})
