#!/bin/sh
# Asks on Slack whether an agent may use the web; allows it only when a listed human approves. Works for any tool.
: "${OPENCLAW_APPROVAL_REQUEST_HEADER:=An agent asks to use the web}"
export OPENCLAW_APPROVAL_REQUEST_HEADER
if ! command -v node >/dev/null 2>&1; then
  echo '{"block":true,"blockReason":"No approval: node is not in the PATH of the approval script."}'
  exit 0
fi
exec node "$(dirname -- "$0")/slack-approval.mjs"
