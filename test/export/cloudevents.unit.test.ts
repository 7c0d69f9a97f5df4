import {readFileSync} from 'node:fs'
import path from 'node:path'
import {Ajv} from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {exportEvents} from '../../src/lib/export/export.ts'
import {arbEvent} from '../filter/arbitraries.ts'
import {storeOf} from './scene.ts'

const schema = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '..', 'fixtures', 'schemas', 'cloudevents-1.0.json'), 'utf8'),
)
const ajv = new Ajv({strict: false, allErrors: true})
formats.default(ajv)
const validate = ajv.compile(schema)

describe('--format cloudevents', () => {
  it('gives lines that the CloudEvents 1.0 schema accepts, whatever the events are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(arbEvent, {minLength: 1, maxLength: 20, selector: ({eventId}) => eventId}),
        async (events) => {
          const lines: string[] = []
          await exportEvents(await storeOf(events), async (text) => void lines.push(text), {
            filter: {},
            format: 'cloudevents',
          })
          expect(lines).toHaveLength(events.length)
          for (const line of lines) {
            validate(JSON.parse(line))
            expect(validate.errors, line).toBeNull()
          }
        },
      ),
    )
  })
})
