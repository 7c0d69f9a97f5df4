# Verifies the signature inside an event (security.hmac), in any language the same way: the text that was signed stands
# in the body as it came. Nothing is written as JSON again, since every language does that a little differently.
import hashlib
import hmac
import json
import re
import time


def verify_event(body: str, secret: str, tolerance: int = 300) -> bool:
    # The signature is the last field; what came after it would not be signed.
    match = re.fullmatch(r'(.*),"signature":(\{"version":"v1",[^{}]*\})\}\s*', body, re.DOTALL)
    if match is None:
        return False
    payload = match[1] + "}"
    try:
        signature = json.loads(match[2])
        timestamp, nonce, value = signature["timestamp"], signature["nonce"], signature["value"]
        algorithm = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}[signature["algorithm"]]
    except (ValueError, KeyError, TypeError):
        return False
    if not isinstance(timestamp, int):
        return False
    signed = f'{{"timestamp":{timestamp},"nonce":{json.dumps(nonce)},"payload":{payload}}}'
    wanted = hmac.new(secret.encode(), signed.encode(), algorithm).hexdigest()
    return hmac.compare_digest(wanted.encode(), str(value).encode()) and abs(time.time() - timestamp) <= tolerance


if __name__ == "__main__":
    import sys

    print("genuine" if verify_event(sys.stdin.buffer.read().decode(), sys.argv[1]) else "forged")
