-- The one table of a job's options. kind: integer (low..high), flag, word (one of words), name,
-- names (a list of at most `most`), text (of at most `most` bytes). since: the data format from
-- which the option is known. stays: it is kept with the job, from queue to queue. ruled: the doors
-- go by it, and so must look into the job's options. Times are milliseconds. pyjobs/options.py
-- mirrors it, in seconds.

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
  -- At which end of the jobs that it depends on it runs; `complete`, the default, goes by
  -- parent_failure when one fails.
  run_when = {
    kind = "word",
    words = { complete = true, failed = true, ended = true },
    since = 1,
  },
  -- The flow of which it is a member.
  flow = { kind = "name", since = 1, stays = true },
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
  -- The limits that the job is under, by name: so many at once, so many in a time.
  limits = { kind = "names", most = limits.UNDER, since = 1, stays = true, ruled = true },
  -- Jobs of one key run one after another.
  order_key = { kind = "name", since = 1, stays = true, ruled = true },
  -- Tenants of a queue take turns.
  tenant = { kind = "name", since = 1, stays = true, ruled = true },
  -- What travels from the putter to the code that runs the job; opaque bytes.
  context = { kind = "text", most = limits.CONTEXT, since = 1, stays = true },
  -- Exceptions by name after which another attempt is made, or none, see rules/retry.lua.
  retry_on = { kind = "names", most = limits.NAMES, since = 1, stays = true },
  give_up_on = { kind = "names", most = limits.NAMES, since = 1, stays = true },
  -- Lost leases that stop the job as poison; 0: any number. By default the setting poison-after.
  poison_after = { kind = "integer", low = 0, high = 255, since = 1, stays = true },
  -- How long after its put, or after its delay, it may be started, and what becomes of it when that
  -- is over: cancel, fail, or the klass that runs in its place. How long its whole life may take.
  -- See rules/deadlines.lua.
  start_within = {
    kind = "integer",
    low = 1,
    high = limits.CENTURY,
    since = 1,
    stays = true,
    ruled = true,
  },
  if_late = { kind = "text", most = limits.NAME, since = 1, stays = true },
  finish_within = {
    kind = "integer",
    low = 1,
    high = limits.CENTURY,
    since = 1,
    stays = true,
    ruled = true,
  },
  -- Of puts under one key, see rules/uniqueness.lua. The times are how long the key is held, and
  -- how long a burst of puts has to be quiet and may last.
  unique = { kind = "text", most = limits.NAME, since = 1, stays = true, ruled = true },
  unique_until = {
    kind = "word",
    words = { started = true, done = true },
    since = 1,
    stays = true,
  },
  unique_for = { kind = "integer", low = 1, high = limits.CENTURY, since = 1 },
  if_duplicate = {
    kind = "word",
    words = { keep = true, replace = true, postpone = true, refuse = true },
    since = 1,
  },
  debounce = { kind = "integer", low = 1, high = limits.CENTURY, since = 1 },
  debounce_mode = {
    kind = "word",
    words = { trailing = true, leading = true, both = true },
    since = 1,
  },
  debounce_at_most = { kind = "integer", low = 1, high = limits.CENTURY, since = 1 },
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
