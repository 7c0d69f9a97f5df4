import type {Expected} from './recorded.ts'

/** What we do where the recorded behaviour is disputed: the verdicts, or `fault` for a policy that is refused. */
export interface Choice {
  why: string
  want: Expected[] | 'fault' | 'as recorded'
}

const fault = (why: string): Choice => ({why, want: 'fault'})
const recorded = (why: string): Choice => ({why, want: 'as recorded'})
const want = (why: string, ...verdicts: Expected[]): Choice => ({why, want: verdicts})

const none: Expected = {verdict: 'allow', source: 'none'}
const block: Expected = {verdict: 'block', source: 'rule', reason: 'hit'}
const by = (id: string): Expected => ({verdict: 'block', source: 'rule', ruleId: id, reason: id})
const allowBy = (ruleId: string): Expected => ({verdict: 'allow', source: 'rule', ruleId})

export const choices: Readonly<Record<string, Choice>> = {
  'toolName.number': fault('a matcher of the wrong type is a fault of the policy, not of the call'),
  'runId.unsupported': want('runId is a matcher of its own now', none),
  'path.empty': fault('an empty path reads nothing'),
  'contains.number.needle': fault('a needle is a text; 12 would silently mean "12"'),
  'contains.unicode.nfd': recorded('texts are compared as they are; a rule that wants both spellings names both'),
  'equals.null.missing': fault('null is no value to compare with; requiredPaths in when.not says "missing"'),
  'type.function.proto': fault('only JSON types can be asked for'),
  'type.null': fault('only JSON types can be asked for'),
  'inList.arrayvalue': recorded('a list is not one of the values'),
  'inList.emptylist': fault('an empty list never matches'),
  'inList.stringvalue': fault('a text is no list'),
  'notInList.emptylist': fault('an empty list always matches'),
  'regex.numberpattern': fault('a pattern is a text'),
  'regex.nullpattern': fault('a pattern is a text'),
  'nregex.number': recorded('what is no text does not match the pattern, so the stricter reading holds'),
  'nregex.invalid': fault('an invalid pattern is never silently ignored'),
  'domain.allow.entry.port': want('the port of an entry does not matter', block),
  'domain.allow.entry.wild': want('*.example.com is every name below example.com', block),
  'domain.allow.entry.dot': want('.example.com is every name below example.com', block),
  'domain.allow.idn.unicode.entry': want('names are compared in one spelling', block),
  'domain.allow.malformed': recorded('what is no URL is on no allowlist'),
  'domain.allow.array': recorded('a list of URLs is not the one URL that an approval was written for'),
  'domain.allow.file': recorded('a URL without a host is on no list'),
  'domain.allow.emptylist': recorded('an empty list is no constraint'),
  'domain.block.entry.port': want('the port of an entry does not matter', block),
  'domain.block.trailingdot': want('example.com. is example.com', block),
  'domain.block.schemeless': want('a blocklist matches what is no URL at all', block),
  'domain.block.malformed': want('a blocklist matches what is no URL at all', block),
  'domain.block.array': want('one listed URL in a list of URLs is enough for a blocklist', block),
  'domain.block.file': recorded('a URL without a host is on no list; domainNotInList blocks it'),
  'domain.block.blankentry': fault('a blank entry names no host'),
  'domain.allow.semantics': recorded('both lists mean "the host is in the list"; domainNotInList means the opposite'),
  'order.float': fault('priorities are whole numbers'),
  'order.enabled.null': fault('enabled is true or false'),
  'decision.allow.stopfalse': recorded(
    'an allowing decision ends the evaluation; check warns where it shadows a block',
  ),
  'decision.empty': fault('a decision decides something'),
  'decision.neither.block.dry': fault('a rule has a decision or an action'),
  'decision.nowhen': fault('a rule says when it applies, {} for always'),
  'decision.dup.ids': fault('rules are remembered and reported by id'),
  'decision.toolname.number': want('a call that names no tool is not judged, but blocked', {
    verdict: 'block',
    source: 'engine',
  }),
  'tpl.path.whole': want('reasons pass redaction', {verdict: 'block', reason: '{"a":1,"token":"[REDACTED]"}'}),
  'tpl.triple': recorded('the token is "{toolName", which nobody knows'),
  'tpl.emptytemplate': want('an empty template is none: the reason is rendered', {
    verdict: 'block',
    reason: 'plain web_fetch',
  }),
  'tpl.long': want('a reason is cut: it goes back to the model', {
    verdict: 'block',
    reason: /^A{2000}… \(\d+ more characters\)$/,
  }),
  'cool.skip': want('a cooldown never opens a rule', by('a'), by('a'), by('a'), by('a')),
  'cool.global': want('a cooldown never opens a rule', by('a'), by('a')),
  'cool.negative': fault('a time is not negative'),
  'cool.dupid': fault('rules are remembered and reported by id'),
  'backoff.remaining': want('the time that is left is told', by('a'), {
    verdict: 'block',
    source: 'backoff',
    reason: 'wait 600ms',
  }),
  'backoff.noruleid': want('the rule that blocked stays named', by('a'), {
    verdict: 'block',
    source: 'backoff',
    ruleId: 'a',
  }),
  'cache.crossagent': want('an approval holds for one agent', allowBy('okx'), by('blocky')),
  'cache.tool': want('an approval holds for one set of params', allowBy('ok'), by('b')),
  'cache.tool.params': want(
    'a rewrite holds for one set of params',
    {verdict: 'rewrite', ruleId: 'ok', params: {command: 'ls --safe'}},
    none,
  ),
  'cache.bypasspriority': want('a cooldown never opens a rule, so nothing was approved', by('hi'), by('hi'), by('hi')),
  'cache.protokey': want('an own __proto__ key is part of the params', allowBy('ok'), allowBy('ok')),
  'deep.params': want('too deep to judge is blocked', {
    verdict: 'block',
    source: 'engine',
    reason: /nested deeper than 1000/,
  }),
  'bundle.egress.7': recorded('a pattern on a raw URL sees what it says; our own bundle uses ranges, and check warns'),
  'bundle.egress.9': recorded('a pattern on a raw URL sees what it says; our own bundle uses ranges, and check warns'),
  'bundle.egress.10': recorded('a pattern on a raw URL sees what it says; our own bundle uses ranges, and check warns'),
  'script.params.array': want('params are fields; a list is no answer', none),
  'script.blockstring': want('onError: block also covers an answer that is none', {
    verdict: 'block',
    source: 'action',
    reason: /neither block/,
  }),
  'script.exit1.dry': want('a dry run never blocks and runs nothing', {verdict: 'allow', would: 'action'}),
  'script.dry.block': want('a dry run never blocks and runs nothing', {verdict: 'allow', would: 'action'}),
  'script.noread': want('a script that answers without reading has answered', {
    verdict: 'block',
    source: 'action',
    reason: 'x',
  }),
  'script.cooldown.bypass': want(
    'a remembered block holds for the rule',
    {verdict: 'block', source: 'action', reason: 'rejected'},
    {verdict: 'block', source: 'cache', reason: 'rejected'},
  ),
}
