// What to look for in code of other languages. Code is not followed: any sign that it could start a program, or hide
// that it does, makes it not understood. Every pattern is tried once over a bounded text and cannot backtrack far.

const python =
  /\b(?:subprocess|pty|popen\w*|system|spawn\w*|posix_spawn\w*|exec[lv]?p?e?|eval|compile|getattr|globals|locals|vars|builtins|importlib|runpy|ctypes|pexpect|fabric|paramiko|plumbum|sh\s+import|import\s+sh|marshal|pickle|codecs|asyncio\.create_subprocess\w*|__\w+__)\b/i

const node =
  /\$`|\b(?:child_process|eval|Function|constructor|mainModule|fromCharCode|atob|execa|shelljs|zx|worker_threads|cluster|vm|Worker|Bun|Deno|Reflect|dlopen)\b|process\s*(?:\.\s*binding|\[)|\bimport\s*\(|\brequire\s*(?:[^\s(]|\(\s*(?:[^'"\s]|(['"])[^'"]*\1\s*[^)\s]))/

const perl =
  /`|\b(?:system|exec\w*|qx|readpipe|syscall|fork|eval|popen\w*|ipc)\b|&\s*[{$]|->\s*(?:\$|can\b)|\/\w{0,9}ee\w{0,9}\b|open\s*\(?[^;)]{0,200}\|/i

const other =
  /`|%x|\b(?:system|run\s+-e|exec\w*|popen\w*|spawn\w*|shell_exec|passthru|proc_open|qx|eval\w*|syscall|readpipe|fork|open3|ipc|pty|kernel|send|public_send|instance_eval|do\s+shell|os\.execute|io\.popen|loadstring|dofile|load|assert|call_user_func\w*|create_function|processbuilder|os:cmd|shell-command\w*|call-process\w*|start-process\w*|runtime|process|pipe|system2|e?syscmd)\b|open\s*\(?[^;)]{0,200}\|/i

const powershell =
  /[`&]|\b(?:iex|invoke-\w+|remove-item|r[im]|rd|rmdir|del|erase|start-process|saps|start|sudo|runas|cmd|wsl|bash|sh|curl|wget|iwr|irm|frombase64string|runspacefactory|wscript)\b|-e(?:c|nc\w*)?\b/i

const ipython = new RegExp(`${python.source}|(?:^|[\\s;])[!%]{1,2}\\s*[a-z/]`, 'i')

const patterns = {ipython, python, node, perl, other, powershell}

export type Family = keyof typeof patterns

/** Whether code of a language may start programs. */
export function runsPrograms(family: Family, code: string): boolean {
  return patterns[family].test(code)
}

/** Names under which libraries delete a folder with all that is in it. */
const treeDeletion =
  /\b(?:rmtree|removedirs|remove_tree|rm_rf|rm_r|remove_(?:dir|entry)\w*|rimraf|emptydir\w*|delete-directory|delete_directory\w*|delete-directory-tree|removeitem|removeall|filetree)\b|directory\]?(?:::|\.)delete\b|\bfile\s+delete\s+-force\b|\b(?:rm|rmdir|unlink|remove)(?:sync)?\s*\([^)]{0,300}\brecursive\b|\bdelete\s*\([^;)]{0,200}['"]rf['"]/i

/** Whether code of a language may delete a folder with all that is in it, which is what `rm -rf` does. */
export function deletesTrees(code: string): boolean {
  if (treeDeletion.test(code)) return true
  return (
    /\b(?:walk|rglob|filesystem_iterator|recursivedirectoryiterator)\b/i.test(code) &&
    /\b(?:unlink|remove|rmdir)\s*\(/.test(code)
  )
}

export const readsPrograms = {
  /** `system("…")`, `"…" | getline`, `print | "…"`. */
  awk: /\bsystem\s*\(|\|&?\s*getline|\bprintf?\b[^;}\n|]{0,200}\|\s*["a-zA-Z&]|@(?:load|include)|\bgetline\s*<\s*"\/inet/,
  /** The command `e`, and the flag `e` of `s///`. */
  sed: (text: string) => /(?:^|[;{}\n]|\$|[\d/]!?)\s*e(?:\s|$)/.test(text) || hasExecuteFlag(text),
}

function hasExecuteFlag(text: string): boolean {
  const start = /(?:^|[;{}\n\d/$])\s*s([^\w\s\\;])/g
  for (const found of text.matchAll(start)) {
    const rest = text.slice(found.index + found[0].length)
    const flags = afterDelimiters(rest, found[1]!, 2)
    if (flags !== undefined && /^[gpiImM\d]*e/.test(flags)) return true
  }
  return false
}

/** What stands behind the n-th delimiter that no backslash precedes. */
function afterDelimiters(text: string, delimiter: string, count: number): string | undefined {
  let left = count
  for (let at = 0; at < text.length && at < 4096; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === delimiter && --left === 0) return text.slice(at + 1, at + 16)
  }
  return undefined
}
