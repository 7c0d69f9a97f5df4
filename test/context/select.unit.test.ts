import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {type SelectedContext, selectContext} from '../../src/lib/context/select.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {contextOf, day, hour, idsIn, indexOf, noon, note, replied, said, toolCall, tools} from './events.ts'

const sectionOf = (context: Awaited<ReturnType<typeof contextOf>>, id: string) =>
  context.items.find(({eventId}) => eventId === id)?.section

describe('what is selected', () => {
  it('is nothing from a log that says nothing', async () => {
    expect(await contextOf([])).toMatchObject({text: '', tokens: 0, items: [], dropped: []})
  })

  it('begins with how many events there are, of what time, and what they are about', async () => {
    const {text} = await contextOf([
      said('The greenhouse needs new shelves', {id: 'a', ago: 3 * day}),
      replied('I ordered shelves for the greenhouse', {id: 'b', ago: 2 * day}),
    ])
    expect(text).toContain('2 events, 2026-11-17 to 2026-11-18. Active topics: greenhouse, shelves.')
  })

  it('shows the recent conversation in its order, each line with event, whose word it is, date and age', async () => {
    const {text} = await contextOf([
      said('Is the bread ready?', {id: 'a', ago: 3 * hour, metadata: {senderIsOwner: true}}),
      replied('In ten minutes.', {id: 'b', ago: 2 * hour}),
    ])
    expect(text).toContain(
      'Recent conversation:\n[a owner 09:00 3h] Is the bread ready?\n[b agent 10:00 2h] In ten minutes.\n',
    )
  })

  it('puts what answers the prompt under its own heading', async () => {
    const old = said('The wifi password of the cabin is on the fridge', {id: 'old', ago: 200 * day, sessionId: 's0'})
    const chatter = Array.from({length: 40}, (_, i) => said(`Good morning number ${i}`, {id: `c${i}`, ago: i * hour}))
    const context = await contextOf([old, ...chatter], {prompt: 'what is the wifi password?'})
    expect(sectionOf(context, 'old')).toBe('relevant')
    expect(idsIn(context)[0]).toBe('old')
  })

  it('puts memory notes among the facts', async () => {
    const context = await contextOf([note('Allergic to penicillin', {id: 'n', heading: 'Health'})], {
      prompt: 'any allergies?',
    })
    expect(sectionOf(context, 'n')).toBe('facts')
    expect(context.text).toContain('From memory:\n[n note 2026-11-19 1d] MEMORY.md › Health: Allergic to penicillin')
  })

  it('leaves out what happened after the time it is for', async () => {
    const context = await contextOf([said('tomorrow', {id: 'later', ago: -hour}), said('today', {id: 'now', ago: 0})])
    expect(idsIn(context)).toEqual(['now'])
  })

  it('leaves out what is older than asked for', async () => {
    const events = [said('old bread', {id: 'old', ago: 9 * day}), said('new bread', {id: 'new', ago: day})]
    expect(idsIn(await contextOf(events, {prompt: 'bread', sinceMs: noon - 2 * day}))).toEqual(['new'])
  })

  it('leaves out the session that the model has before it, whichever of its names an event bears', async () => {
    const events = [
      said('bread is baked', {id: 'a', sessionId: 'before'}),
      said('bread is baked again', {id: 'b', sessionId: 'now'}),
      said('bread is baked once more', {id: 'c', sessionId: undefined, sessionKey: 'agent:main:now'}),
    ]
    const seen = {sessions: ['now', 'agent:main:now']}
    expect(idsIn(await contextOf(events, {prompt: 'bread', seen}))).toEqual(['a'])
  })

  it('brings back what was said in the session before its history was compacted', async () => {
    const events = [
      said('The tax number is 4711', {id: 'old', ago: 3 * hour}),
      said('The tax number is on the letter', {id: 'kept', ago: hour}),
      replied('So it is.', {id: 'reply', ago: hour - 1000}),
    ]
    const seen = {sessions: ['s1'], sinceMs: noon - hour}
    expect(idsIn(await contextOf(events, {prompt: 'tax number?', seen}))).toEqual(['old'])
    expect(idsIn(await contextOf(events, {seen}))).toEqual(['old'])
  })

  it('does not tell the prompt again, whoever recorded it and with whatever around it', async () => {
    const prompt = '[WhatsApp Anna +49 12:00] When is the  dentist?\nMonday or Friday?'
    const events = [
      said('When is the dentist?\nMonday or Friday?', {id: 'now', ago: 0}),
      said('', {id: 'hook', ago: 0, type: 'message.received', data: {content: 'When is the dentist?'}, sessionId: 'k'}),
      said('When is the dentist?', {id: 'asked', ago: 2 * day, sessionId: 's0'}),
      replied('The dentist is on Friday', {id: 'answer', ago: 2 * day - 1000, sessionId: 's0'}),
    ]
    expect(idsIn(await contextOf(events, {prompt}))).toEqual(['answer'])
  })

  it('finds what is older behind a long session at hand', async () => {
    const talk = Array.from({length: 300}, (_, i) =>
      said(`The boiler makes noise number ${i} again`, {id: `t${i}`, ago: i * 1000, sessionId: 'now'}),
    )
    const old = [
      said('The boiler was repaired by Anna', {id: 'old', ago: 20 * day, sessionId: 's0'}),
      said('Good morning to you', {id: 'greeting', ago: 30 * day, sessionId: 's0'}),
    ]
    const seen = {sessions: ['now'], sinceMs: 0}
    expect(idsIn(await contextOf([...talk, ...old], {prompt: 'boiler', seen}))).toContain('old')
    expect(idsIn(await contextOf([...talk, ...old], {seen})).toSorted()).toEqual(['greeting', 'old'])
  })

  it('says once what several events say', async () => {
    const text = 'The boiler was repaired by Anna on the second floor'
    const context = await contextOf([
      said(text, {id: 'a', ago: 2 * hour}),
      said(text, {id: 'b', ago: 2 * hour, type: 'message.received', data: {content: text}}),
    ])
    expect(context.items).toHaveLength(1)
    expect(context.dropped[0]?.reason).toMatch(/^says the same as/)
  })

  it('tells whose word it is by the report of a message that knows', async () => {
    const text = 'The boiler was repaired by Anna on the second floor'
    const key = {sessionKey: 'agent:main:chat'}
    const context = await contextOf(
      [
        said(text, {id: 'told', ago: 2 * hour, ...key, metadata: {senderIsOwner: true}}),
        said('', {
          id: 'hook',
          ago: 2 * hour - 900,
          type: 'message.received',
          data: {content: text},
          sessionId: undefined,
        }),
      ],
      {prompt: 'Who repaired the boiler?'},
    )
    expect(context.text).toMatch(/\[told owner 10:00 2h\] The boiler/)
    expect(context.items.map(({eventId}) => eventId)).toEqual(['told'])
    expect(context.dropped).toEqual(
      expect.arrayContaining([expect.objectContaining({reason: 'says the same as told'})]),
    )
  })

  it('takes the last of the pieces in which a message was streamed', async () => {
    const piece = (id: string, text: string, ago: number) =>
      replied(text, {id, ago, runId: 'r1', data: {text, delta: 'x', itemId: 'i1'}})
    const pieces = [piece('p1', 'I', 3), piece('p2', 'I think', 2), piece('p3', 'I think so, and the bread is done', 1)]
    expect(idsIn(await contextOf(pieces))).toEqual(['p3'])
    expect(idsIn(await contextOf(pieces.toReversed(), {prompt: 'bread'}))).toEqual(['p3'])
  })

  it('takes the newest version of a memory section, and none that was removed', async () => {
    const changed = (id: string, supersedes: string) => ({id, metadata: {entry: {how: 'migration'}, supersedes}})
    const events = [
      note('The heater is off', {id: 'v1'}),
      note('The heater is on', changed('v2', 'v1')),
      note('The cat is called Tom', {id: 'gone'}),
      {...note('', changed('r', 'gone')), type: 'memory.removed'},
    ]
    expect(idsIn(await contextOf(events, {prompt: 'heater cat'}))).toEqual(['v2'])
    expect(idsIn(await contextOf(events.toReversed(), {prompt: 'heater cat'}))).toEqual(['v2'])
  })

  it('does not let an emitted event withdraw a memory', async () => {
    const events = [
      note('The heater is on', {id: 'v1'}),
      note('', {id: 'x', source: 'cli', metadata: {supersedes: 'v1', entry: {how: 'migration'}}}),
    ]
    expect(idsIn(await contextOf(events, {prompt: 'heater'}))).toEqual(['v1'])
  })

  it('cuts a long text around what is asked for', async () => {
    const filler = 'This sentence says nothing of interest to anyone at all. '.repeat(30)
    const {text} = await contextOf([said(`${filler}The tax number is 4711. ${filler}`, {id: 'a'})], {
      prompt: 'tax number',
    })
    expect(text).toContain('…')
    expect(text).toContain('The tax number is 4711.')
    expect(text.length).toBeLessThan(900)
  })
})

describe('open items', () => {
  it('are tool failures that no success followed', async () => {
    const context = await contextOf([
      toolCall('tool.error', 'npm test -- unit', '3 tests failed', {id: 'f1', ago: 5 * hour}),
      toolCall('tool.error', 'git push', 'rejected', {id: 'f2', ago: 4 * hour}),
      toolCall('tool.completed', 'npm test', 'all passed', {id: 'ok', ago: 3 * hour}),
    ])
    expect(context.items.filter(({section}) => section === 'open').map(({eventId}) => eventId)).toEqual(['f2'])
    expect(context.text).toContain('Open:\n[f2 tool 08:00 4h] exec git push failed: rejected')
  })

  it('are questions after which nobody said anything in their session', async () => {
    const context = await contextOf([
      said('Shall I book the train?', {id: 'q1', sessionId: 's1', ago: 30 * hour}),
      replied('Yes.', {id: 'a1', sessionId: 's1', ago: 29 * hour}),
      said('Where is the invoice of March?', {id: 'q2', sessionId: 's2', ago: 28 * hour}),
    ])
    expect(context.items.filter(({section}) => section === 'open').map(({eventId}) => eventId)).toEqual(['q2'])
  })

  it('are not those of which only the first report has no answer', async () => {
    const question = 'Is the bread ready?'
    const key = {sessionKey: 'agent:main:chat'}
    const hook = (id: string, ago: number, sessionKey: string) =>
      said('', {id, ago, type: 'message.received', data: {content: question}, sessionId: undefined, sessionKey})
    const events = [
      hook('hook', hour + 500, 'agent:main:chat'),
      said(question, {id: 'asked', ago: hour, ...key}),
      replied('In ten minutes', {id: 'answer', ago: hour - 1000, ...key}),
    ]
    const open = ({items}: SelectedContext) =>
      items.filter(({section}) => section === 'open').map((item) => item.eventId)
    expect(open(await contextOf(events))).toEqual([])
    expect(open(await contextOf([...events, hook('other', hour, 'agent:main:other')]))).toEqual(['other'])
  })

  it('are not those that nobody came back to for weeks', async () => {
    const context = await contextOf([said('Where is the invoice?', {id: 'q', ago: 40 * day})])
    expect(sectionOf(context, 'q')).toBe('recent')
  })
})

describe('what never gets in', () => {
  it('is confidential events', async () => {
    const context = await contextOf([said('the safe code is 9911', {id: 'a', visibility: 'confidential'})], {
      prompt: 'safe code',
    })
    expect(context).toMatchObject({text: '', items: [], dropped: []})
  })

  it("is another agent's event, and not one byte changes by it", async () => {
    const own = [said('the safe is in the cellar', {id: 'a'}), replied('noted', {id: 'b', ago: hour})]
    const others = Array.from({length: 30}, (_, i) => said(`the safe code is ${i}`, {id: `o${i}`, agentId: 'other'}))
    const alone = await contextOf(own, {prompt: 'safe code'})
    expect(await contextOf([...others, ...own], {prompt: 'safe code'})).toEqual(alone)
    expect(idsIn(await contextOf(own, {prompt: 'safe', agentId: 'third'}))).toEqual([])
  })

  it('is a sentence of which a part was redacted', async () => {
    const {text} = await contextOf(
      [
        said('Anna moved to Porto. Her password is [REDACTED:password], keep it. She likes tea.', {id: 'a'}),
        said('api_key=[REDACTED]', {id: 'b'}),
      ],
      {prompt: 'Anna password api_key'},
    )
    expect(text).toContain('Anna moved to Porto. … She likes tea.')
    expect(text).not.toMatch(/password is|api_key|REDACTED/)
  })

  it('is a context that was injected before, or what the host writes around a turn', async () => {
    const {text} = await contextOf([
      said(
        '[Fri 2026-11-20 21:08 UTC] <claw-events-context>\nRecalled\n[x owner] old memory\n</claw-events-context>\n\nWhere is the ladder?\n\nRuntime: agent=main | session=s1 | model=m',
        {id: 'a'},
      ),
      said('[Internal task completion event] subagent done', {id: 'b'}),
      said('<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>secret<<<END_OPENCLAW_INTERNAL_CONTEXT>>>', {id: 'c'}),
    ])
    expect(text).toContain('] Where is the ladder?\n')
    expect(text).not.toMatch(/old memory|Runtime|21:08|completion|secret/)
  })

  it('is the frame that the host puts around what a scheduled job asks for', async () => {
    const prompt =
      '[cron:ccd1fb2a-9bbf-443c-9e83-bfa8f025a71a daily report] Report what is known of the dentist\nCurrent time: Saturday, November 21st, 2026 - 2:28 PM (UTC)\nReference UTC: 2026-11-21 14:28 UTC\n\nThis is an unattended scheduled run. Nobody is present to clarify.'
    const {text} = await contextOf([said(prompt, {id: 'job'})])
    expect(text).toContain('] Report what is known of the dentist\n</claw')
    expect(text).not.toMatch(/cron|Current time|unattended/)
  })

  it('is what the host wakes an agent with, a bare command, or an answer that nobody is to see', async () => {
    const context = await contextOf([
      said('[OpenClaw heartbeat poll]', {id: 'poll'}),
      said('[OpenClaw exec completion]\nDisable automatic completion turns with …', {id: 'exec'}),
      said('/new', {id: 'command'}),
      said('/compact ', {id: 'compact'}),
      replied('NO_REPLY', {id: 'silent'}),
      replied('HEARTBEAT_OK', {id: 'ok'}),
      said('/home/anna/notes.txt is gone', {id: 'path'}),
      said('/new where is the ladder?', {id: 'asked'}),
    ])
    expect(idsIn(context).toSorted()).toEqual(['asked', 'path'])
  })
})

describe('promises that hold for every log', () => {
  const words =
    'the cat boiler heater Anna train ticket Porto tea invoice paid? broken yesterday 茶 ё <b> [x] \n'.split(' ')
  const text = fc.array(fc.constantFrom(...words), {minLength: 1, maxLength: 60}).map((parts) => parts.join(' '))
  const event = fc
    .record({
      kind: fc.constantFrom('said', 'replied', 'note', 'error', 'done'),
      text,
      ago: fc.integer({min: -day, max: 400 * day}),
      session: fc.constantFrom('s1', 's2', 's3'),
      agentId: fc.constantFrom('main', 'main', 'other'),
      name: fc.constantFrom('', 'Anna', 'Bo'),
    })
    .map(({kind, text, ago, session, agentId, name}) => (id: string): ClawEvent => {
      const given = {id, ago, sessionId: session, agentId, data: {senderName: name}}
      if (kind === 'note') return note(text, {id, ago, agentId, heading: name})
      if (kind === 'error') return toolCall('tool.error', text, text, {id, ago, sessionId: session, agentId})
      if (kind === 'done') return toolCall('tool.completed', text, text, {id, ago, sessionId: session, agentId})
      return kind === 'said' ? said(text, given) : replied(text, given)
    })
  const log = fc.array(event, {maxLength: 40}).map((makers) => makers.map((make, i) => make(`event-${i}`)))
  const request = fc.record({
    prompt: fc.option(text, {nil: undefined}),
    budget: fc.integer({min: 0, max: 1500}),
    sinceMs: fc.option(fc.integer({min: noon - 300 * day, max: noon}), {nil: undefined}),
  })

  it('the budget is kept, by the tokenizer', async () => {
    await fc.assert(
      fc.asyncProperty(log, request, async (events, asked) => {
        const context = await contextOf(events, asked)
        expect(tools.counter.count(context.text)).toBe(context.tokens)
        expect(context.tokens).toBeLessThanOrEqual(asked.budget)
      }),
      {numRuns: 150},
    )
  })

  it('every line of the text that is of an event names it, and every item has its line', async () => {
    await fc.assert(
      fc.asyncProperty(log, request, async (events, asked) => {
        const {text, items} = await contextOf(events, asked)
        const named = text.split('\n').flatMap((line) => /^\[(\S+) /.exec(line)?.[1] ?? [])
        expect(named.toSorted()).toEqual(items.map(({ref}) => ref).toSorted())
        expect(text.split('\n').length - named.length).toBeLessThanOrEqual(9)
        expect(new Set(items.map(({eventId}) => eventId)).size).toBe(items.length)
      }),
      {numRuns: 100},
    )
  })

  it('the order in which events came makes no difference', async () => {
    const pair = log.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, {minLength: events.length, maxLength: events.length})),
    )
    await fc.assert(
      fc.asyncProperty(pair, request, async ([events, shuffled], asked) => {
        expect(await contextOf(shuffled, asked)).toEqual(await contextOf(events, asked))
      }),
      {numRuns: 150},
    )
  })

  it('the same view gives the same context again', async () => {
    await fc.assert(
      fc.asyncProperty(log, request, async (events, asked) => {
        const index = await indexOf(events)
        const select = () => index.read('main', (view) => selectContext(view, {atMs: noon, ...asked}, tools))
        expect(select()).toEqual(select())
      }),
      {numRuns: 50},
    )
  })

  it('items and left out events never overlap, and none is of another agent', async () => {
    await fc.assert(
      fc.asyncProperty(log, request, async (events, asked) => {
        const {items, dropped} = await contextOf(events, asked)
        const ids = [...items, ...dropped].map(({eventId}) => eventId)
        expect(new Set(ids).size).toBe(ids.length)
        const own = new Set(events.filter(({agentId}) => agentId === 'main').map(({eventId}) => eventId))
        expect(ids.every((id) => own.has(id))).toBe(true)
      }),
      {numRuns: 50},
    )
  })
})
