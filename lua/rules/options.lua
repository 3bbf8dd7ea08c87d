-- The one table of a job's options. kind: integer (low..high), flag, word (one of words), names (a
-- list of at most `most`). since: the data format from which the option is known. Times are
-- milliseconds. pyjobs/options.py mirrors it, in seconds.

local limits = require("rules.limits")

return {
  priority = { kind = "integer", low = 1 - limits.INTEGER, high = limits.INTEGER - 1, since = 1 },
  delay = { kind = "integer", low = 0, high = limits.CENTURY, since = 1 },
  at = { kind = "integer", low = 0, high = limits.SEQUENCE - 1, since = 1 },
  retries = { kind = "integer", low = 0, high = 65535, default = 5, since = 1 },
  tags = { kind = "names", most = limits.TAGS, since = 1 },
  depends = { kind = "names", most = limits.JOBS, since = 1 },
  missing = { kind = "word", words = { done = true, refuse = true }, since = 1 },
  parent_failure = {
    kind = "word",
    words = { wait = true, fail = true, cancel = true, run = true },
    since = 1,
  },
  lease = { kind = "integer", low = 0, high = limits.CENTURY, since = 1 },
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
