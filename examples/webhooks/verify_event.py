# Verifies the signature inside an event (security.hmac), in any language the same way: the text that was signed stands
# in the body as it came. Nothing is written as JSON again, since every language does that a little differently.
import hashlib
import hmac
import json
import time


def verify_event(body: str, secret: str, tolerance: int = 300) -> bool:
    # The signature is the last field.
    start = body.rfind(',"signature":{"version":"v1"')
    if start < 0:
        return False
    payload = body[:start] + "}"
    signature = json.loads(body)["signature"]
    timestamp, nonce = signature["timestamp"], signature["nonce"]
    signed = f'{{"timestamp":{timestamp},"nonce":{json.dumps(nonce)},"payload":{payload}}}'
    algorithm = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}[signature["algorithm"]]
    value = hmac.new(secret.encode(), signed.encode(), algorithm).hexdigest()
    return abs(time.time() - timestamp) <= tolerance and hmac.compare_digest(value, signature["value"])


if __name__ == "__main__":
    import sys

    print("genuine" if verify_event(sys.stdin.read(), sys.argv[1]) else "forged")
