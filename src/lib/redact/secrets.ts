/** One shape of secret: what it is called in the mask, and how it is found. */
interface Shape {
  kind: string
  /** Group `keep` stays, group `secret` (or the whole match) is masked. */
  pattern: RegExp
}

const name =
  '[\\w.-]*(?:password|passwd|passphrase|[_-]pass|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|' +
  'secret[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?|_auth)'
const bare = '[^\\s"\'\\\\&;<>`]+'

// Every pattern starts with a literal or with a run that may only start where no such run is going on, and repeats
// only classes that exclude what follows: so each runs in linear time on any input.
const shapes: readonly Shape[] = [
  {
    kind: 'private-key',
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/gs,
  },
  {
    kind: 'authorization',
    pattern: /(?<keep>\b(?:proxy-)?authorization\\*["']?\s{0,8}[:=]\s{0,8}\\*["']?)(?<secret>[^\r\n"'\\]+)/gi,
  },
  {kind: 'cookie', pattern: /(?<keep>\b(?:set-)?cookie\\*["']?\s{0,8}:\s{0,8}\\*["']?)(?<secret>[^\r\n"'\\]+)/gi},
  {kind: 'url-user', pattern: /(?<keep>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/)(?<secret>[^\s/?#"'<>`\\]+)(?=@)/gi},
  {
    kind: 'url-user',
    pattern:
      /(?<keep>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/)(?<secret>[^\s/?#"'<>`@:\\]{0,300}:(?!\d{1,5}[/?#])[^\s"'<>`@\\]{0,300})(?=@)/gi,
  },
  {kind: 'bearer', pattern: /(?<keep>\bbearer\s{1,8})(?<secret>[\w.~+/-]{8,}=*)/gi},
  {kind: 'aws-key', pattern: /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g},
  {kind: 'github-token', pattern: /(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})/g},
  {kind: 'gitlab-token', pattern: /(?<![\w-])gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent)-[\w-]{16,}/g},
  {kind: 'slack-token', pattern: /(?<![\w-])(?:xox[a-z]|xapp)(?:-|\.)[\w.-]{8,}/g},
  {
    kind: 'slack-webhook',
    pattern: /(?<keep>hooks\.slack\.com\/(?:services|workflows|triggers)\/)(?<secret>[\w/-]{8,})/g,
  },
  {kind: 'api-key', pattern: /(?<![\w-])sk-[\w-]{16,}/g},
  {kind: 'google-key', pattern: /(?<![\w-])(?:AIza[\w-]{35}|ya29\.[\w.-]{20,}|GOCSPX-[\w-]{20,})/g},
  {kind: 'stripe-key', pattern: /(?<!\w)[rsp]k_(?:live|test)_\w{10,}/g},
  {kind: 'npm-token', pattern: /(?<!\w)npm_[A-Za-z0-9]{30,}/g},
  {kind: 'hf-token', pattern: /(?<!\w)hf_[A-Za-z0-9]{20,}/g},
  {kind: 'sendgrid-key', pattern: /(?<![\w.-])SG\.[\w-]{16,}\.[\w-]{16,}/g},
  {kind: 'webhook-secret', pattern: /(?<!\w)whsec_[A-Za-z0-9+/]{16,}=*/g},
  {kind: 'telegram-token', pattern: /(?<![\w:-])\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])/g},
  {kind: 'nats-seed', pattern: /(?<![A-Z0-9])S[UANOCX][A-Z2-7]{56}(?![A-Z0-9])/g},
  {kind: 'jwt', pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}/g},
  {
    kind: 'password',
    pattern: /(?<keep>(?<![\w-])(?:-u|--user|--proxy-user)(?:\s{1,8}|=)["']?)(?<secret>[^\s"':]+:[^\s"']+)/g,
  },
  {
    kind: 'secret',
    pattern: new RegExp(
      `(?<keep>(?<![\\w.-])${name}\\\\*["']?\\s{0,8}(?::=|=>|[:=])\\s{0,8}\\\\*)` +
        `(?:(?<keep2>")(?<secret2>[^"\\\\]*(?:\\\\[\\s\\S][^"\\\\]*)*)|(?<keep3>')(?<secret3>[^'\\r\\n]*)|(?<secret>${bare}))`,
      'gi',
    ),
  },
  {
    kind: 'secret',
    pattern: new RegExp(`(?<keep>(?<![\\w.-])--?${name}\\s{1,8}["']?)(?!-)(?<secret>${bare})`, 'gi'),
  },
]

// One look at a text for anything that any of the shapes needs: most texts hold nothing of it.
const trigger =
  /:\/\/|-----BEGIN|authoriz|cookie|bearer|A(?:KI|SI|BI|CC)A|gh[pousr]_|github_pat|gl[a-z]{2,5}-|xox|xapp|slack|sk-|AIza|ya29|GOCSPX|k_(?:live|test)_|npm_|hf_|SG\.|whsec_|\d{8}:|S[UANOCX][A-Z2-7]{20}|eyJ|-u |--(?:proxy-)?user|pass|secret|token|key|credential|_auth/i

/** Masks every known shape of secret in a text. `maskOf` gives the mask for a kind; the same text when there is none. */
export function maskSecrets(text: string, maskOf: (kind: string) => string): string {
  if (text.length < 6 || !trigger.test(text)) return text
  return shapes.reduce(
    (left, {kind, pattern}) => left.replace(pattern, (...found) => masked(found, maskOf(kind))),
    text,
  )
}

/** What replaces one match: its kept part, then the mask, unless a more telling mask is there already. */
function masked(found: unknown[], mask: string): string {
  const whole = String(found[0])
  const groups = found.at(-1)
  if (typeof groups !== 'object' || groups === null) return mask
  const {keep = '', keep2 = '', keep3 = '', secret, secret2, secret3} = groups as Record<string, string | undefined>
  const value = secret ?? secret2 ?? secret3 ?? ''
  const start = mask.replace(/:[a-z-]+\]$/, '')
  return value === '' || (start !== '' && value.startsWith(start)) ? whole : keep + keep2 + keep3 + mask
}
