const mask = '***'
const userInfo = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#"'<>`]*)@/gi
// A password may hold a slash that nobody escaped: what stands before it is then no host with a port.
const userInfoWithSlash =
  /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#"'<>`@:]{0,300}:(?!\d{1,5}[/?#])[^\s"'<>`@]{0,300})@/gi
const secretParameter =
  /([?&](?:[a-z_-]{0,40}(?:token|password|passwd|secret|apikey|api_key|api-key)|auth|key|sig|signature|pass)=)[^&#\s"'<>`]+/gi

/**
 * Any text with the user, password and secret parameters of the URLs in it masked, for errors and output:
 * `nats://user:pass@host` becomes `nats://***@host`. A user alone is masked too, since it may be a token.
 */
export function maskUrl(text: string): string {
  if (!text.includes('://')) return text
  return text
    .replace(userInfo, `$1${mask}@`)
    .replace(userInfoWithSlash, `$1${mask}@`)
    .replace(secretParameter, `$1${mask}`)
}
