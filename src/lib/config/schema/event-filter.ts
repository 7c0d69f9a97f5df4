import {list, name, text} from '../../guard/schema-forms.ts'

const typeGlob = name('an event type such as "tool.*"').regex(/^[^\s]+$/, {error: 'an event type such as "tool.*"'})

export const typeGlobs = () => list(typeGlob, 'a list of event types')

const names = () => list(name(), 'a list of texts').optional()

/** The filter language of all commands, as keys. All that are there must hold; of a list, one entry. */
export const eventFilter = {
  types: typeGlobs().optional().describe('Event types; * crosses dots'),
  agents: names(),
  sessions: names().describe('Session keys or ids'),
  runs: names(),
  tools: names().describe('Tools; with *'),
  text: text().optional().describe('Words that all occur'),
  where: text().optional().describe('A CEL expression'),
}
