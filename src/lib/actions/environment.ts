/** What a script may see of the environment unless its action says otherwise. */
const visibleNames = ['PATH', 'HOME', 'LANG', 'TZ', 'OPENCLAW_STATE_DIR', 'OPENCLAW_APPROVAL_*']

/** Whoever can set a variable must not be able to decide in the place of a human. */
const neverVisible = new Set(['OPENCLAW_APPROVAL_TEST_DECISION'])

/** The variables that these names stand for; `*` at the end of a name stands for any ending. */
export function visibleEnvironment(
  environment: NodeJS.ProcessEnv,
  names: readonly string[] = visibleNames,
): Record<string, string> {
  const exact = new Set(names.filter((name) => !name.endsWith('*')))
  const beginnings = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  const visible: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || neverVisible.has(name)) continue
    if (exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning))) visible[name] = value
  }
  return visible
}
