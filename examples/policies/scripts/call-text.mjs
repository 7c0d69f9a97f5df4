/** What a human cannot read in full is not asked: a long text may hide what matters. Slack takes 40 000 characters. */
const detailLimit = 12_000

const secretName = /pass(?:word|wd|phrase)|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key/i
const secretText =
  /\b(?:xox[a-z]-[\w-]{8,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-[\w-]{16,}|AKIA[A-Z0-9]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)|(?<=\bbearer\s)[\w.~+/-]{8,}=*|(?<=:\/\/)[^\s/@]{1,200}:[^\s/@]{1,200}(?=@)|(?<=\b\w{0,40}(?:token|secret|password|api_?key)\w{0,20}=)[^\s'"]+/gi

/** The call for a human: what, who and by which rule, all parameters in full, secrets hidden. */
export function describeCall({ruleId, event}) {
  const {data, agentId, sessionKey, sessionId, toolCallId} = event
  const title = `Tool ${inline(data.toolName)} · agent ${inline(agentId ?? '?')} · session ${inline(sessionKey ?? sessionId ?? '?')}`
  const details = JSON.stringify(data.params ?? {}, hideSecret, 2)
  if (details.length > detailLimit) {
    const why = `the call has ${details.length} characters of parameters, which nobody can judge on Slack`
    throw Object.assign(new Error(why), {isExplained: true})
  }
  const rule = `Rule ${inline(ruleId)}${toolCallId ? ` · call ${inline(toolCallId)}` : ''}`
  return {title, details: `${rule}\n\`\`\`\n${plain(details)}\n\`\`\``}
}

function hideSecret(key, value) {
  if (secretName.test(key)) return '[hidden]'
  return typeof value === 'string' ? value.replace(secretText, hideText) : value
}

/** What a shell would run is never hidden: `token=$(rm -rf ~)` is no secret. */
function hideText(secret) {
  return /[;&|<>()$`{}\\]/.test(secret) ? secret : '[hidden]'
}

function inline(value) {
  return `\`${plain(String(value).replace(/\s+/g, ' ').slice(0, 200))}\``
}

/** No mentions, no links, no end of the code block, no invisible characters that turn the text around. */
function plain(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('`', 'ˋ')
    .replace(
      /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu,
      (letter) => `\\u${letter.codePointAt(0).toString(16).padStart(4, '0')}`,
    )
}
