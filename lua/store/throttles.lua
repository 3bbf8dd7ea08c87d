-- Limits by name: what is allowed, how much of it is taken, and who waits for it.
--
-- limit:<name> is a hash of what is allowed; a name with a colon that has none of its own is under
-- that of its family, `customer:*` for `customer:42`. slots:<name> has the jobs that run under it,
-- bucket:<name> when its bucket is full again (see rules/rate.lua), a space, and the interval that
-- this was reckoned with. queued:<name> has for each queue's number how many jobs wait there that
-- may start as far as this limit goes, how many are parked, and the highest priority of the former.
-- parking has the names that have jobs parked.

local keys = require("store.keys")
local klasses = require("store.klasses")
local limiting = require("rules.limiting")
local rate = require("rules.rate")
local root = require("store.root")
local settings = require("store.settings")
local writes = require("store.writes")

local throttles = {}

local FIELDS = { "at_once", "rate", "period", "burst" } -- of what is allowed
local QUEUED = ">I4I4d"
local LINGER = 60000 -- milliseconds that a bucket is kept beyond the moment when it is full

local function read_allowed(step, name)
  local at_once, count, period, burst =
    unpack(redis.call("HMGET", keys.limit(step, name), unpack(FIELDS)))
  if not (count and period and burst) then
    count = nil -- a check finds a rate by half
  end
  if not at_once and not count then
    return nil
  end
  return {
    at_once = tonumber(at_once or nil),
    rate = tonumber(count or nil),
    period = tonumber(period or nil),
    burst = tonumber(burst or nil),
    interval = count and rate.interval(tonumber(count), tonumber(period)) or nil,
  }
end

-- What is allowed under this name: at_once, and rate, period, burst and interval, each may be nil.
-- Or nil when nothing was ever said.
function throttles.allowed(step, name)
  local allowed, family = read_allowed(step, name), limiting.family(name)
  if allowed or not family then
    return allowed
  end
  local families = step.families
  if families[family] == nil then
    families[family] = read_allowed(step, family) or false
  end
  return families[family] or nil
end

local function read_lines(step, name)
  local lines = {}
  local fields = redis.call("HGETALL", keys.queued(step, name))
  for position = 1, #fields, 2 do
    local waiting, parked, worst = struct.unpack(QUEUED, fields[position + 1])
    local number = tonumber(fields[position])
    lines[number] = { waiting = waiting, parked = parked, worst = worst }
  end
  return lines
end

-- A limit as this step knows it.
function throttles.get(step, name)
  if not step.throttles then
    step.throttles, step.families = {}, {}
  end
  local throttle = step.throttles[name]
  if not throttle then
    throttle = { name = name, lines = read_lines(step, name), changed = {} }
    step.looked = (step.looked or 0) + 1
    throttle.parking = throttles.any_parked(throttle)
    step.throttles[name] = throttle
    throttles.learn(step, throttle)
  end
  return throttle
end

-- Whether jobs that run under a klass' limit are still to be counted, see doors/incumbents.lua.
function throttles.uncounted(step, name)
  local uncounted = settings.uncounted(step)
  local klass = uncounted and limiting.of(name, limiting.KLASS)
  return klass and uncounted[klasses.known(step, klass)] or false
end

-- Reads what is allowed, and how much of it is taken: more than any number, until it is counted.
function throttles.learn(step, throttle)
  local allowed = throttles.allowed(step, throttle.name) or {}
  throttle.allowed = allowed
  if allowed.at_once then
    throttle.used = throttles.uncounted(step, throttle.name) and math.huge
      or redis.call("ZCARD", keys.slots(step, throttle.name))
  end
  if allowed.rate then
    local bucket = redis.call("GET", keys.bucket(step, throttle.name))
    local tat, interval = string.match(bucket or "", "^(%S+) (%S+)$")
    throttle.tat, throttle.stale =
      tonumber(tat), interval and tonumber(interval) ~= allowed.interval
    if throttle.stale then
      throttle.tat =
        rate.changed(throttle.tat, step.now, tonumber(interval), allowed.interval, allowed.burst)
    end
  end
end

-- What is allowed may have changed in this step: all that is known is read again.
function throttles.relearn(step)
  writes.flush(step) -- slots that were returned are to be seen
  step.families = {}
  for _, throttle in pairs(step.throttles or {}) do
    throttles.learn(step, throttle)
  end
end

-- How many jobs may start now.
function throttles.open(step, throttle)
  local allowed, open = throttle.allowed, math.huge
  if allowed.at_once then
    open = math.max(allowed.at_once - throttle.used, 0)
  end
  if allowed.rate then
    open = math.min(open, rate.open(throttle.tat, step.now, allowed.interval, allowed.burst))
  end
  return open
end

-- The moment at which the bucket has one token more than now, or nil when that is not what jobs
-- wait for.
function throttles.moment(step, throttle)
  local allowed = throttle.allowed
  if not allowed.rate then
    return nil
  end
  local tokens = rate.open(throttle.tat, step.now, allowed.interval, allowed.burst)
  if tokens >= allowed.burst or (allowed.at_once and allowed.at_once - throttle.used <= tokens) then
    return nil
  end
  return rate.moment(throttle.tat, allowed.interval, allowed.burst, tokens + 1)
end

-- How the jobs of a queue stand to a limit; the caller changes it and calls `touch`.
function throttles.line(throttle, number)
  local line = throttle.lines[number]
  if not line then
    line = { waiting = 0, parked = 0, worst = 0 }
    throttle.lines[number] = line
  end
  return line
end

function throttles.touch(throttle, number)
  throttle.changed[number] = true
end

-- A job of this jid runs under the limit.
function throttles.take(step, throttle, jid)
  writes.pair(step, "ZADD", keys.slots(step, throttle.name), step.now, jid)
  throttle.used = throttle.used and throttle.used + 1
  throttles.take_tokens(step, throttle, 1)
end

local function save_bucket(step, throttle)
  local text = string.format("%.17g %.17g", throttle.tat, throttle.allowed.interval)
  local lasts = math.max(math.ceil(throttle.tat - step.now), 0) + LINGER
  redis.call("SET", keys.bucket(step, throttle.name), text, "PX", lasts)
  throttle.stale = false
end

function throttles.take_tokens(step, throttle, count)
  local allowed = throttle.allowed
  if allowed.rate and count > 0 then
    throttle.tat = rate.take(throttle.tat, step.now, allowed.interval, count)
    save_bucket(step, throttle)
  end
end

-- Holds what a changed rate makes of a bucket, so that it fills from now on by the new one.
function throttles.settle(step, throttle)
  if throttle.stale and throttle.allowed.rate then
    save_bucket(step, throttle)
  end
end

-- Whether jobs are parked under it, as far as this step knows.
function throttles.any_parked(throttle)
  for _, line in pairs(throttle.lines) do
    if line.parked > 0 then
      return true
    end
  end
  return false
end

-- It does not run any more. One that ran before its klass had this limit may hold no slot yet.
function throttles.give_back(step, throttle, jid)
  local slots = keys.slots(step, throttle.name)
  if throttle.used and redis.call("ZSCORE", slots, jid) then
    throttle.used = throttle.used - 1
  end
  writes.one(step, "ZREM", slots, jid)
end

local function note_parking(step, throttle)
  local parked = throttles.any_parked(throttle)
  if parked and not throttle.parking then
    redis.call("ZADD", keys.parking(step), 0, throttle.name)
  elseif throttle.parking and not parked then
    redis.call("ZREM", keys.parking(step), throttle.name)
  end
  throttle.parking = parked
end

-- What is allowed under a name from now on: a table of FIELDS, each may be nil.
function throttles.allow(step, name, allowed)
  root.raise(step)
  local command = { "HSET", keys.limit(step, name) }
  for _, field in ipairs(FIELDS) do
    if allowed[field] then
      command[#command + 1] = field
      command[#command + 1] = allowed[field]
    end
  end
  redis.call("DEL", keys.limit(step, name))
  redis.call(unpack(command))
  redis.call("ZADD", keys.limits(step), 0, name)
end

-- Nothing is said any more about what is allowed under a name.
function throttles.forget(step, name)
  redis.call("DEL", keys.limit(step, name))
  redis.call("ZREM", keys.limits(step), name)
end

-- Jobs that wait or run under the limit are not counted any more.
function throttles.uncount(step, name)
  local throttle = throttles.get(step, name)
  redis.call("UNLINK", keys.slots(step, name))
  for number, line in pairs(throttle.lines) do
    line.waiting = 0
    throttles.touch(throttle, number)
  end
end

-- Gathers what has changed in the lines.
function throttles.flush(step)
  for name, throttle in pairs(step.throttles) do
    local key = keys.queued(step, name)
    for number in pairs(throttle.changed) do
      local line = throttle.lines[number]
      if line.waiting == 0 and line.parked == 0 then
        writes.one(step, "HDEL", key, number)
      else
        local packed = struct.pack(QUEUED, line.waiting, line.parked, line.worst)
        writes.pair(step, "HSET", key, number, packed)
      end
    end
    if next(throttle.changed) then
      throttle.changed = {}
      note_parking(step, throttle)
    end
  end
end

return throttles
