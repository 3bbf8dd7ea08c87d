-- The one table of a job's options. kind: integer (low..high), flag, word (one of words), names (a
-- list of at most `most`), text (of at most `most` bytes). since: the data format from which the
-- option is known. stays: it is kept with the job, from queue to queue. ruled: the doors go by it,
-- and so must look into the job's options. Times are milliseconds. pyjobs/options.py mirrors it, in
-- seconds.

local limits = require("rules.limits")

return {
  priority = { kind = "integer", low = 1 - limits.INTEGER, high = limits.INTEGER - 1, since = 1 },
  delay = { kind = "integer", low = 0, high = limits.CENTURY, since = 1 },
  at = { kind = "integer", low = 0, high = limits.SEQUENCE - 1, since = 1 },
  retries = { kind = "integer", low = 0, high = 65535, default = 5, since = 1 },
  tags = { kind = "names", most = limits.TAGS, since = 1, stays = true },
  depends = { kind = "names", most = limits.JOBS, since = 1 },
  missing = { kind = "word", words = { done = true, refuse = true }, since = 1 },
  parent_failure = {
    kind = "word",
    words = { wait = true, fail = true, cancel = true, run = true },
    since = 1,
  },
  lease = { kind = "integer", low = 0, high = limits.CENTURY, since = 1, stays = true },
  -- How long an attempt may take before the worker interrupts it, and before the worker's process
  -- is replaced; 0: no limit, whatever the worker's own is.
  run_within = { kind = "integer", low = 0, high = limits.CENTURY, since = 1, stays = true },
  kill_within = { kind = "integer", low = 0, high = limits.CENTURY, since = 1, stays = true },
  -- How long a retried job waits, see rules/backoff.lua. The jitter is in thousandths.
  backoff = {
    kind = "word",
    words = { fixed = true, linear = true, exponential = true, padded = true },
    since = 1,
    stays = true,
  },
  backoff_base = { kind = "integer", low = 1, high = limits.CENTURY, since = 1, stays = true },
  backoff_cap = { kind = "integer", low = 1, high = limits.CENTURY, since = 1, stays = true },
  backoff_jitter = { kind = "integer", low = 0, high = 1000, since = 1, stays = true },
  -- What travels from the putter to the code that runs the job; opaque bytes.
  context = { kind = "text", most = limits.CONTEXT, since = 1, stays = true },
  -- How long the result is kept; 0: not at all.
  keep_result = { kind = "integer", low = 0, high = limits.CENTURY, since = 1, stays = true },
  if_exists = {
    kind = "word",
    words = { replace = true, keep = true, error = true, repeated = true },
    since = 1,
  },
  -- More dependencies follow in further calls; the job is held until the last of them.
  hold = { kind = "flag", since = 1 },
  -- Tells a repeated put from a second one of the same jid.
  nonce = { kind = "text", most = 32, since = 1 },
}
