-- The states of a job and the flags of a record, as numbers in its header.

local states = {
  waiting = 1,
  scheduled = 2,
  depends = 3,
  running = 4,
  throttled = 5,
  complete = 6,
  failed = 7,
  cancelled = 8,
}

local names = {
  "waiting",
  "scheduled",
  "depends",
  "running",
  "throttled",
  "complete",
  "failed",
  "cancelled",
}

return {
  number = states,
  name = names,
  flags = {
    FRESH = 1, -- waiting since its put, which the history does not spell out yet
    TRACKED = 2,
    PARENTS = 4, -- has a key of open dependencies
    DEPENDENTS = 8, -- has a key of jobs that wait for it
    HELD = 16, -- its dependencies are still being added, in slices
    PAYLOAD = 32, -- its payload has a key of its own
    FAILURE = 64, -- has a failure key
    TAGGED = 128,
    GRACE = 256, -- its lease has run out once and was prolonged by the grace period
    TRACE = 512, -- erased: what is left tells holders and repeats what happened
    REVOKED = 1024, -- is not to run; raised together with RULED
    AWAITED = 2048, -- somebody may be blocked until it ends
    RULED = 4096, -- has options that the doors go by, see rules/options.lua
    COUNTED = 8192, -- is counted by the limits that it is under
    FLOW = 16384, -- is a member of a flow
    WEIGHED = 32768, -- its payload is counted in its queue's bytes
  },
}
