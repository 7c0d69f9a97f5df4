// How much of what answers a question is in the context that is selected for it. `node bench/context-quality.ts`
import {createLexicon} from '../src/lib/context/lexicon.ts'
import {createMemoryIndex} from '../src/lib/context/memory-index.ts'
import {defaultModel, type RetrievalModel} from '../src/lib/context/model.ts'
import {createReader} from '../src/lib/context/reading.ts'
import {type SelectTools, selectContext} from '../src/lib/context/select.ts'
import {loadTokenCounter} from '../src/lib/context/tokens.ts'
import {createAnalyzer} from '../src/lib/context/words.ts'
import {timeOf} from '../src/lib/event/timestamp.ts'
import type {ContextView} from '../src/lib/store/context-index.ts'
import {openMemoryStore} from '../src/lib/store/memory/store.ts'
import {type Conversation, locomoPath, type Question, readLocomo} from './context-locomo.ts'

export interface Quality {
  questions: number
  /** Share of the evidence among the 20 best items; whether any is; one over the place of the first. */
  recall20: number
  hit20: number
  mrr: number
  /** Share of the evidence in the text of a context of so many tokens. */
  within500: number
  within1000: number
  within2000: number
  within4000: number
}

interface Ready extends Conversation {
  view: ContextView
  atMs: number
}

const dayMs = 86_400_000

export async function createJudge() {
  const analyzer = createAnalyzer()
  const tools: SelectTools = {analyzer, lexicon: createLexicon(analyzer), counter: await loadTokenCounter()}
  const reader = createReader(analyzer)

  async function prepare(conversation: Conversation): Promise<Ready> {
    const store = openMemoryStore()
    await store.append(conversation.events)
    const index = createMemoryIndex(store, reader)
    await index.catchUp()
    // Asked on the day after the last session.
    const atMs = Math.max(...conversation.events.map(timeOf)) + dayMs
    return {...conversation, view: index.read('main', (view) => view), atMs}
  }

  /** Each measure for one question, through the same function that the plugin and `context preview` call. */
  function judge({view, atMs}: Ready, {text, evidence}: Question, model: RetrievalModel): Quality {
    const idsWithin = (budget: number) => {
      const context = selectContext(view, {atMs, prompt: text, budget}, tools, model)
      if (tools.counter.count(context.text) > budget) throw new Error(`more than ${budget} tokens for: ${text}`)
      return context.items.map(({eventId}) => eventId)
    }
    const share = (ids: readonly string[]) => ids.filter((id) => evidence.has(id)).length / evidence.size
    const ranked = idsWithin(4000)
    const first = ranked.findIndex((id) => evidence.has(id))
    return {
      questions: 1,
      recall20: share(ranked.slice(0, 20)),
      hit20: first >= 0 && first < 20 ? 1 : 0,
      mrr: first < 0 ? 0 : 1 / (first + 1),
      within500: share(idsWithin(500)),
      within1000: share(idsWithin(1000)),
      within2000: share(idsWithin(2000)),
      within4000: share(ranked),
    }
  }

  /** The same by one selection only, for tuning: place of the first, and evidence among the best 12, 20 and 35. */
  function quickWorth({view, atMs}: Ready, {text, evidence}: Question, model: RetrievalModel): number {
    const {items} = selectContext(view, {atMs, prompt: text, budget: 3000}, tools, model)
    const first = items.findIndex(({eventId}) => evidence.has(eventId))
    const recall = (n: number) => items.slice(0, n).filter(({eventId}) => evidence.has(eventId)).length / evidence.size
    return (first < 0 ? 0 : 1 / (first + 1)) + recall(12) + recall(20) + recall(35)
  }

  return {prepare, judge, quickWorth}
}

export type Judge = Awaited<ReturnType<typeof createJudge>>

export function judgeAll(
  {judge}: Judge,
  conversations: readonly Ready[],
  model = defaultModel,
  category?: number,
): Quality {
  const asked = conversations.flatMap((one) => one.questions.map((question) => ({one, question})))
  const wanted = asked.filter(({question}) => category === undefined || question.category === category)
  return mean(wanted.map(({one, question}) => judge(one, question, model)))
}

export function mean(all: readonly Quality[]): Quality {
  const questions = all.reduce((sum, one) => sum + one.questions, 0)
  const of = (name: keyof Quality) =>
    all.reduce((sum, one) => sum + one[name] * one.questions, 0) / Math.max(1, questions)
  return {
    questions,
    recall20: of('recall20'),
    hit20: of('hit20'),
    mrr: of('mrr'),
    within500: of('within500'),
    within1000: of('within1000'),
    within2000: of('within2000'),
    within4000: of('within4000'),
  }
}

const steps = [0.6, 0.8, 1.25, 1.6]

/**
 * The model tuned on some conversations: each number moved up and down in turn, kept where the mean worth rises by
 * more than what one question can do by chance.
 */
export function tune({quickWorth}: Judge, training: readonly Ready[]): RetrievalModel {
  const asked = training.flatMap((one) => one.questions.map((question) => ({one, question})))
  const worth = (model: RetrievalModel) =>
    asked.reduce((sum, {one, question}) => sum + quickWorth(one, question, model), 0) / asked.length
  let best = {...defaultModel}
  let most = worth(best)
  for (const name of Object.keys(defaultModel) as Array<keyof RetrievalModel>) {
    for (const step of steps) {
      const tried = {...best, [name]: defaultModel[name] * step}
      const reached = worth(tried)
      if (reached <= most + 0.004) continue
      most = reached
      best = tried
    }
  }
  return best
}

const categories: Array<[number | undefined, string]> = [
  [undefined, 'all'],
  [1, 'multi-hop'],
  [2, 'temporal'],
  [3, 'open-domain'],
  [4, 'single-hop'],
  [5, 'adversarial'],
]

function row(name: string, {questions, ...measures}: Quality): string {
  return [
    name.padEnd(28),
    String(questions).padStart(5),
    ...Object.values(measures).map((value) => value.toFixed(3)),
  ].join('  ')
}

async function main(): Promise<void> {
  const file = locomoPath()
  if (!file) throw new Error('LoCoMo is not here: set LOCOMO to its file or folder')
  const judge = await createJudge()
  const conversations = await Promise.all(readLocomo(file).map(judge.prepare))
  console.log(`${''.padEnd(28)}      n  rec@20  hit@20   mrr   500    1000   2000   4000 tokens`)
  for (const [category, name] of categories)
    console.log(row(name, judgeAll(judge, conversations, defaultModel, category)))
  for (const one of conversations) console.log(row(one.name, judgeAll(judge, [one])))
  if (!process.argv.includes('--leave-one-out')) return
  const left = conversations.map((one) => {
    const model = tune(
      judge,
      conversations.filter((other) => other !== one),
    )
    const quality = judgeAll(judge, [one], model)
    console.log(row(`tuned without, on ${one.name}`, quality))
    return quality
  })
  console.log(row('leave-one-out', mean(left)))
}

if (import.meta.main) await main()
