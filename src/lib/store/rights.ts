/** One subject of a server on which a user must be allowed to ask, to do something with a log. */
export interface Right {
  subject: string
  /** Under which subject users of other accounts ask the same. */
  as: string
  /** Whether one answer comes, or any number. */
  answers: 'one' | 'many'
}

/** What can be allowed on a log on a server. Each is of use only together with those before it. */
export interface LogRights {
  read: readonly Right[]
  append: readonly Right[]
  manage: readonly Right[]
}
