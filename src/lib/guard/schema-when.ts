import * as z from 'zod'
import {DomainFault, parseDomain} from '../match/domains.ts'
import {compilePattern, PatternFault} from '../match/patterns.ts'
import {choice, integer, list, name, named, section, text} from './schema-forms.ts'

const scalar = z.union([z.string(), z.number(), z.boolean()], {error: 'a text, a number, true or false'})
const scalars = list(scalar, 'a list with at least one value').min(1, {error: 'a list with at least one value'})

const names = () => z.union([z.string(), z.array(z.string())], {error: 'a text or a list of texts'}).optional()

const flags = text('the letters i, m and s').regex(/^[ims]*$/, {error: 'the letters i, m and s'})

const pattern = z
  .union([z.string(), section({pattern: text('a pattern'), flags: flags.optional()})], {
    error: 'a pattern, or an object with "pattern" and "flags"',
  })
  .superRefine((value, context) => {
    const message = patternFault(value)
    if (message !== undefined) context.addIssue({code: 'custom', message: `a pattern that can be used (${message})`})
  })

function patternFault(value: string | {pattern: string; flags?: string}): string | undefined {
  try {
    if (typeof value === 'string') compilePattern(value)
    else compilePattern(value.pattern, value.flags)
    return undefined
  } catch (error) {
    if (error instanceof PatternFault) return error.message
    throw error
  }
}

const domain = text('a host such as "example.com", "*.example.com" or "10.0.0.0/8"').superRefine((value, context) => {
  try {
    parseDomain(value)
  } catch (error) {
    if (!(error instanceof DomainFault)) throw error
    context.addIssue({code: 'custom', message: 'a host such as "example.com", "*.example.com" or "10.0.0.0/8"'})
  }
})

const hosts = () => list(domain, 'a list of hosts').optional()

const rate = section({
  count: integer(1, 100_000).describe('Calls that are let through'),
  windowMs: integer(1, 86_400_000).describe('Within how many milliseconds'),
  per: choice('session', 'agent', 'tool').optional().describe('What is counted together; default session'),
})

const usage = section({
  tokensGte: integer(1, Number.MAX_SAFE_INTEGER).optional().describe('Tokens used so far; unknown never matches'),
  toolCallsGte: integer(1, Number.MAX_SAFE_INTEGER).optional().describe('Tool calls so far'),
  per: choice('session', 'run').optional().describe('Default session'),
}).refine(({tokensGte, toolCallsGte}) => tokensGte !== undefined || toolCallsGte !== undefined, {
  error: 'an object with "tokensGte" or "toolCallsGte"',
})

const programForm = 'the name of a program, or a list of names'

const programs = () =>
  z.union([name(programForm), z.array(name(programForm)).min(1, {error: programForm})], {error: programForm})

const shell = section({
  program: programs().describe(
    'One of these programs is run, wherever it stands in the command line; * is any, and any redirection',
  ),
  args: list(programs(), 'a list of arguments')
    .optional()
    .describe('All are among its arguments, in any spelling of options; a list inside is one of several'),
  pipedInto: programs().optional().describe('And its output goes into one of these programs'),
  path: name('a path such as "data.params.command"').optional().describe('Default data.params.command'),
})

/**
 * What a rule looks for in an event. Keys are joined by AND; an empty object matches everything. Paths are dotted and
 * start in the envelope (`data.params.command`); only own properties are read.
 */
export const when = section({
  eventType: names().describe('The type is this, or one of these'),
  toolName: names(),
  agentId: names(),
  sessionId: names(),
  sessionKey: names(),
  runId: names(),
  contains: named(text('a text to be found'), 'an object of paths and texts').optional(),
  equals: named(scalar, 'an object of paths and values').optional(),
  matchesRegex: named(pattern, 'an object of paths and patterns').optional().describe('A text in which it occurs'),
  notMatchesRegex: named(pattern, 'an object of paths and patterns')
    .optional()
    .describe('No text, or one in which it does not occur'),
  requiredPaths: list(name('a path'), 'a list of paths').optional().describe('Present and not null'),
  typeChecks: named(
    choice('string', 'number', 'boolean', 'object', 'array'),
    'an object of paths and types',
  ).optional(),
  inList: named(scalars, 'an object of paths and lists').optional(),
  notInList: named(scalars, 'an object of paths and lists').optional().describe('Missing is not in the list'),
  domainAllowlist: hosts().describe('The host of the URL is in the list (the same as domainBlocklist)'),
  domainBlocklist: hosts().describe('The host of the URL is in the list, or the text is no URL at all'),
  domainNotInList: hosts().describe('The host of the URL is not in the list, or the text is no URL at all'),
  domainPath: name('a path such as "data.params.url"').optional().describe('Default data.params.url'),
  idleForMsGte: z.number({error: 'a number, 0 or more'}).min(0, {error: 'a number, 0 or more'}).optional(),
  parentStatus: name().optional().describe("The parent agent's last status"),
  rate: rate.optional().describe('More calls than this within the window, counting those that meet the keys beside it'),
  usage: usage.optional().describe('What the session or run has used so far'),
  shell: shell
    .optional()
    .describe('A command line that runs this program, in pipes, lists, subshells and wrappers too'),
  get not() {
    return when.optional().describe('This does not match')
  },
  get any() {
    return list(when, 'a list of conditions').optional().describe('At least one of these matches')
  },
  get all() {
    return list(when, 'a list of conditions').optional().describe('All of these match')
  },
})

export type RuleWhen = z.output<typeof when>
export type RateCondition = z.output<typeof rate>
export type UsageCondition = z.output<typeof usage>
export type ShellCondition = z.output<typeof shell>
