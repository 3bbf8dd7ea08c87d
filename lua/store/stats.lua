-- Counts and times of a queue, one hash a UTC day for the sums and one for the bins.

local bins = require("rules.bins")
local keys = require("store.keys")
local settings = require("store.settings")
local writes = require("store.writes")

local stats = {}

local DAY = 86400000

function stats.day(time)
  return math.floor(time / DAY)
end

-- Adds to a count of today: retries, failures, failed.
function stats.count(step, queue, field, amount)
  writes.count(
    step,
    keys.stats(step, queue, stats.day(step.now)),
    field,
    amount,
    settings.days(step, "stats-history")
  )
end

-- One job left the failed state: takes it off the day on which it failed, if that is still kept.
function stats.unfailed(step, queue, time)
  local key = keys.stats(step, queue, stats.day(time))
  if redis.call("EXISTS", key) == 1 then
    writes.count(step, key, "failed", -1)
  end
end

-- Adds a time in milliseconds; kind is wait, run or failed-run.
function stats.observe(step, queue, kind, milliseconds)
  local day = stats.day(step.now)
  milliseconds = math.max(milliseconds, 0)
  local sums = keys.stats(step, queue, day)
  local lifetime = settings.days(step, "stats-history")
  writes.count(step, sums, kind .. "-count", 1, lifetime)
  writes.count(step, sums, kind .. "-sum", milliseconds, lifetime)
  writes.count(
    step,
    keys.histogram(step, queue, day),
    kind .. ":" .. bins.of(milliseconds),
    1,
    settings.days(step, "histogram-history")
  )
end

return stats
