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

-- Times are noted as samples, one for each lease that ends: how long the job had waited, which
-- histogram its run belongs to (0: none), and how long it ran, in milliseconds. A few of them go to
-- the day's journal, which is folded into the hashes when it has grown; many are folded at once.
local SAMPLE = ">I6BI6"
local MANY = 8
local FOLD = 64 -- samples in a journal

local KINDS = { "wait", "run", "failed-run" }
local WAIT = 1
local NUMBER = { run = 2, ["failed-run"] = 3 }

-- Adds the bins of a day to totals.
local function read_bins(step, queue, day, totals)
  local fields = redis.call("HGETALL", keys.histogram(step, queue, day))
  for position = 1, #fields, 2 do
    local kind, bin = string.match(fields[position], "^(.*):(%d+)$")
    local found = totals[kind == "wait" and WAIT or NUMBER[kind]].bins
    bin = tonumber(bin)
    found[bin] = (found[bin] or 0) + tonumber(fields[position + 1])
  end
end

-- Bins in their order, flat: bin, how many, bin, ...
local function flat(found)
  local order, list = {}, {}
  for bin in pairs(found) do
    order[#order + 1] = bin
  end
  table.sort(order)
  for position = 1, #order do
    list[2 * position - 1], list[2 * position] = order[position], found[order[position]]
  end
  return list
end

local function sum_of(kind)
  return { kind = kind, count = 0, sum = 0, bins = {} }
end

local function add(total, milliseconds)
  total.count = total.count + 1
  total.sum = total.sum + milliseconds
  local bin = bins.of(milliseconds)
  total.bins[bin] = (total.bins[bin] or 0) + 1
end

-- What samples add up to, by kind.
local function totals_of(samples)
  local totals = {}
  for position = 1, #KINDS do
    totals[position] = sum_of(KINDS[position])
  end
  for position = 1, #samples do
    local wait, kind, run = struct.unpack(SAMPLE, samples[position])
    add(totals[WAIT], wait)
    if kind > 0 then
      add(totals[kind], run)
    end
  end
  return totals
end

-- Adds samples to the hashes of a day.
local function fold(step, queue, day, samples)
  local sums, histogram = keys.stats(step, queue, day), keys.histogram(step, queue, day)
  local kept, kept_bins =
    settings.days(step, "stats-history"), settings.days(step, "histogram-history")
  local totals = totals_of(samples)
  for position = 1, #totals do
    local total = totals[position]
    if total.count > 0 then
      writes.count(step, sums, total.kind .. "-count", total.count, kept)
      writes.count(step, sums, total.kind .. "-sum", total.sum, kept)
      for bin, count in pairs(total.bins) do
        writes.count(step, histogram, total.kind .. ":" .. bin, count, kept_bins)
      end
    end
  end
end

-- A lease has ended: a sample of its times in milliseconds. run: run, failed-run, or nil when
-- nobody knows how long the work lasted.
function stats.observe(step, queue, waited, run, ran)
  local samples = queue.samples
  if not samples then
    samples = {}
    queue.samples = samples
    step.sampled = step.sampled or {}
    step.sampled[#step.sampled + 1] = queue
  end
  samples[#samples + 1] =
    struct.pack(SAMPLE, math.max(waited, 0), run and NUMBER[run] or 0, math.max(ran, 0))
end

local function note(step, queue)
  local samples, day = queue.samples, stats.day(step.now)
  queue.samples = nil
  if #samples < MANY then
    local journal = keys.journal(step, queue, day)
    local size = redis.call("RPUSH", journal, unpack(samples))
    if size == #samples then
      redis.call("PEXPIRE", journal, settings.days(step, "stats-history"))
    end
    if size < FOLD then
      return
    end
    samples = redis.call("LRANGE", journal, 0, -1)
    redis.call("DEL", journal)
  end
  fold(step, queue, day, samples)
end

-- Notes what was observed; before the writes of the step are sent.
function stats.flush(step)
  local sampled = step.sampled
  if sampled then
    step.sampled = nil
    for position = 1, #sampled do
      note(step, sampled[position])
    end
  end
end

-- A day of a queue: retries, failures, failed, and for each kind {count, sum, bins}.
function stats.read(step, queue, day)
  local key = keys.stats(step, queue, day)
  local list = redis.call("HMGET", key, "retries", "failures", "failed")
  for position = 1, #list do
    list[position] = tonumber(list[position] or 0)
  end
  local totals = totals_of(redis.call("LRANGE", keys.journal(step, queue, day), 0, -1))
  read_bins(step, queue, day, totals)
  for position = 1, #KINDS do
    local total = totals[position]
    local kind = total.kind
    local count, sum = unpack(redis.call("HMGET", key, kind .. "-count", kind .. "-sum"))
    list[#list + 1] = {
      total.count + tonumber(count or 0),
      total.sum + tonumber(sum or 0),
      flat(total.bins),
    }
  end
  return list
end

return stats
