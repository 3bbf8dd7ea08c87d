"""How long to wait before another attempt: ready-made, as `@tasks.task(**backoffs.GENTLE)`."""

from pyjobs.options import BackoffOptions

QUICK: BackoffOptions = {"backoff": "fixed", "backoff_base": 0.1, "backoff_jitter": 0.5}
"""At once, but not all together: 50 to 100 ms."""

GENTLE: BackoffOptions = {"backoff": "exponential", "backoff_base": 15, "backoff_cap": 86_400}
"""15 s, 30 s, a minute, ... up to a day: 14 attempts in two days."""

STEADY: BackoffOptions = {"backoff": "linear", "backoff_base": 60, "backoff_cap": 3600}
"""A minute, two, three, ... up to an hour."""

DEFERRABLE: BackoffOptions = {
    "backoff": "padded",
    "backoff_base": 2,
    "backoff_cap": 900,
    "backoff_jitter": 0,
}
"""As Deferrable waits: 2 + 2**n seconds before retry n (4, 6, 10, 18, ...), at most 15 minutes."""
