-- How long a job waits before its next attempt. Times are milliseconds.

local backoff = {}

-- The options that say so, a worker's policy as well as a job's.
backoff.OPTIONS = {
  backoff = true,
  backoff_base = true,
  backoff_cap = true,
  backoff_jitter = true,
}

-- What holds where neither job nor policy says anything else.
backoff.DEFAULTS = {
  backoff = "exponential",
  backoff_base = 1000,
  backoff_cap = 3600000,
  backoff_jitter = 100,
}

-- retry: the ordinal of the retry that is to come, from 1 on.
local GROWTH = {
  fixed = function(base)
    return base
  end,
  linear = function(base, retry)
    return base * retry
  end,
  exponential = function(base, retry)
    return base * 2 ^ (retry - 1)
  end,
  padded = function(base, retry)
    return base + base * 2 ^ (retry - 1)
  end,
}

-- own, policy: options of the job and of its worker; each of the job's counts before the worker's.
-- dice: a number from 0 to below 1: that much of the jitter shortens the delay, so that it is never
-- above the cap. Without any of these options there is no delay.
function backoff.delay(own, policy, retry, dice)
  local found, wanted = {}, false
  for name in pairs(backoff.OPTIONS) do
    local given = own[name] or policy[name]
    wanted = wanted or given ~= nil
    found[name] = given or backoff.DEFAULTS[name]
  end
  if not wanted then
    return 0
  end
  local delay = math.min(GROWTH[found.backoff](found.backoff_base, retry), found.backoff_cap)
  return math.floor(delay * (1 - dice * found.backoff_jitter / 1000))
end

return backoff
