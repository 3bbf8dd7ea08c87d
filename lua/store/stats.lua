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

local KINDS = { "wait", "run", "failed-run" }

local function by_bin(one, other)
  return one[1] < other[1]
end

-- The bins of each kind, flat: bin, how many, bin, ...
local function read_bins(step, queue, day)
  local fields = redis.call("HGETALL", keys.histogram(step, queue, day))
  local kinds = {}
  for position = 1, #fields, 2 do
    local kind, bin = string.match(fields[position], "^(.*):(%d+)$")
    kinds[kind] = kinds[kind] or {}
    table.insert(kinds[kind], { tonumber(bin), tonumber(fields[position + 1]) })
  end
  for kind, pairs_of_kind in pairs(kinds) do
    table.sort(pairs_of_kind, by_bin)
    local flat = {}
    for position = 1, #pairs_of_kind do
      flat[2 * position - 1], flat[2 * position] = unpack(pairs_of_kind[position])
    end
    kinds[kind] = flat
  end
  return kinds
end

-- A day of a queue: retries, failures, failed, and for each kind {count, sum, bins}.
function stats.read(step, queue, day)
  local key = keys.stats(step, queue, day)
  local list = redis.call("HMGET", key, "retries", "failures", "failed")
  for position = 1, #list do
    list[position] = tonumber(list[position] or 0)
  end
  local bins_of = read_bins(step, queue, day)
  for position = 1, #KINDS do
    local kind = KINDS[position]
    local count, sum = unpack(redis.call("HMGET", key, kind .. "-count", kind .. "-sum"))
    list[#list + 1] = { tonumber(count or 0), tonumber(sum or 0), bins_of[kind] or {} }
  end
  return list
end

-- The fields of a kind of times: how many, their sum, and what a bin's number follows.
local FIELDS = {}
for position = 1, #KINDS do
  local kind = KINDS[position]
  FIELDS[kind] = { count = kind .. "-count", sum = kind .. "-sum", bin = kind .. ":" }
end

local function add(counters, field, amount)
  counters[field] = (counters[field] or 0) + amount
end

-- Adds a time in milliseconds; kind is wait, run or failed-run.
function stats.observe(step, queue, kind, milliseconds)
  local tally = queue.tally
  if not tally then
    local day = stats.day(step.now)
    tally = {
      sums = writes.counters(
        step,
        keys.stats(step, queue, day),
        settings.days(step, "stats-history")
      ),
      bins = writes.counters(
        step,
        keys.histogram(step, queue, day),
        settings.days(step, "histogram-history")
      ),
    }
    queue.tally = tally
  end
  if milliseconds < 0 then
    milliseconds = 0
  end
  local fields = FIELDS[kind]
  add(tally.sums, fields.count, 1)
  add(tally.sums, fields.sum, milliseconds)
  add(tally.bins, fields.bin .. bins.of(milliseconds), 1)
end

return stats
