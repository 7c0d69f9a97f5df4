import {type Fields, ownProperty, splitPath} from '../match/paths.ts'
import {type Condition, type Subject, Unsure, Yes} from './condition.ts'

/**
 * The same condition for captured calls in which values were replaced by `mark`: where the value it looks at was
 * replaced, wholly or in part, nobody can say whether it held, so it is unsure.
 */
export function withRedaction(condition: Condition, mark: string): Condition {
  const {path, test} = condition
  if (path === undefined) return condition
  const segments = splitPath(path)
  const redactedTest = (subject: Subject) => {
    const redaction = findMark(subject.event, segments, mark)
    if (redaction === 'none') return test(subject)
    // What is still there and matches was there before.
    if (redaction === 'part' && condition.name === 'contains' && test(subject) === Yes) return Yes
    subject.doubt = 'redacted'
    subject.doubtDetail = `${path} was redacted before it was captured`
    return Unsure
  }
  return {...condition, test: redactedTest}
}

function findMark(event: Fields, segments: readonly string[], mark: string): 'none' | 'whole' | 'part' {
  const [first] = segments
  let value: unknown = first === 'data' || (first !== undefined && Object.hasOwn(event, first)) ? event : event['data']
  for (const segment of segments) {
    value = ownProperty(value, segment)
    if (typeof value === 'string' && value.startsWith(mark)) return 'whole'
  }
  const texts = Array.isArray(value) ? value : [value]
  return texts.some((text) => typeof text === 'string' && text.includes(mark)) ? 'part' : 'none'
}
