/** What the retrieval model weighs, and how. */
export interface RetrievalModel {
  /** BM25 (Robertson and Zaragoza 2009): how fast repetition saturates, and how much length counts. */
  k1: number
  b: number
  /** What a related word is worth beside the word itself. */
  related: number
  /** Share of a neighbour's score that a passage gets: the one before, the one after, those two away. */
  before: number
  after: number
  twoAway: number
  /** In addition, when the passage before is a question: this one may be its answer. */
  answer: number
  /** Share of the best scores of its thread (most often a session). */
  thread: number
  /** A passage of the one speaker whom the prompt names: factor, and share of the best score. */
  speakerFactor: number
  speaker: number
  /** Shares of the best score: it says when, and the prompt asks for that; it is from the time that the prompt names. */
  tellsTime: number
  namedTime: number
  /** Share of the best score for what is newest, halved every 30 days before it. */
  recent: number
  /** A question seldom tells what is asked for. */
  question: number
  /** What a name found in the best hits is worth beside a word of the prompt. */
  hop: number
}

/**
 * The numbers of the retrieval model. Measured on LoCoMo by leave-one-out (bench/context.ts): each is on a plateau,
 * and a change of a fifth changes recall by less than one in a hundred.
 */
export const defaultModel: RetrievalModel = {
  k1: 1.2,
  b: 0.5,
  related: 0.5,
  before: 0.5,
  after: 0.4,
  twoAway: 0.2,
  answer: 0.3,
  thread: 0.3,
  speakerFactor: 1.5,
  speaker: 0.2,
  tellsTime: 0.15,
  namedTime: 0.3,
  recent: 0.05,
  question: 0.8,
  hop: 0.3,
}

/** How much is looked at; beyond these, selection of a large log would not be in time. */
export const reach = {
  /** Occurrences of words, rarest words first. */
  postings: 100_000,
  /** Passages found by their words, before their neighbours join them. */
  hits: 40,
  /** Passages that are looked at for so many hits, when most are not wanted. */
  looked: 10_000,
  /** Best hits that are searched for further names, and how many names are taken. */
  hopHits: 5,
  hopNames: 5,
} as const
