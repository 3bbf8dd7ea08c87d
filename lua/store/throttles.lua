-- Limits by name: what is allowed, how much of it is taken, and who waits for it.
--
-- limit:<name> is a hash of what is allowed; a name with a colon that has none of its own is under
-- that of its family, `customer:*` for `customer:42`. slots:<name> has the jobs that run under it,
-- bucket:<name> when its bucket is full again (see rules/rate.lua). queued:<name> has for each
-- queue's number how many jobs wait there that may start as far as this limit goes, how many are
-- parked, and the highest priority of the former. parking has the names that have jobs parked.

local keys = require("store.keys")
local rate = require("rules.rate")
local writes = require("store.writes")

local throttles = {}

local QUEUED = ">I4I4d"

local function read_allowed(step, name)
  local at_once, count, period, burst =
    unpack(redis.call("HMGET", keys.limit(step, name), "at_once", "rate", "period", "burst"))
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

-- The family of a name, or nil.
function throttles.family(name)
  local prefix = string.match(name, "^([^:]*:)")
  return prefix and prefix .. "*"
end

-- What is allowed under this name: at_once, and rate, period, burst and interval, each may be nil.
-- Or nil when nothing was ever said.
function throttles.allowed(step, name)
  local family = throttles.family(name)
  return read_allowed(step, name) or family and read_allowed(step, family) or nil
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
  step.throttles = step.throttles or {}
  local throttle = step.throttles[name]
  if not throttle then
    throttle = { name = name, lines = read_lines(step, name), changed = {}, parking = false }
    for _, line in pairs(throttle.lines) do
      throttle.parking = throttle.parking or line.parked > 0
    end
    step.throttles[name] = throttle
    throttles.learn(step, throttle)
  end
  return throttle
end

-- Reads what is allowed, and how much of it is taken.
function throttles.learn(step, throttle)
  local allowed = throttles.allowed(step, throttle.name) or {}
  throttle.allowed = allowed
  if allowed.at_once then
    throttle.used = redis.call("ZCARD", keys.slots(step, throttle.name))
  end
  if allowed.rate then
    throttle.tat = tonumber(redis.call("GET", keys.bucket(step, throttle.name)) or nil)
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
  redis.call("ZADD", keys.slots(step, throttle.name), step.now, jid)
  throttle.used = throttle.used and throttle.used + 1
  throttles.take_tokens(step, throttle, 1)
end

function throttles.take_tokens(step, throttle, count)
  local allowed = throttle.allowed
  if allowed.rate and count > 0 then
    throttle.tat = rate.take(throttle.tat, step.now, allowed.interval, count)
    local key, lasts = keys.bucket(step, throttle.name), math.ceil(throttle.tat - step.now)
    redis.call("SET", key, string.format("%.17g", throttle.tat), "PX", lasts)
  end
end

-- It does not run any more.
function throttles.give_back(step, throttle, jid)
  if redis.call("ZREM", keys.slots(step, throttle.name), jid) == 1 and throttle.used then
    throttle.used = throttle.used - 1
  end
end

local function note_parking(step, throttle)
  local parked = false
  for _, line in pairs(throttle.lines) do
    parked = parked or line.parked > 0
  end
  if parked and not throttle.parking then
    redis.call("ZADD", keys.parking(step), 0, throttle.name)
  elseif throttle.parking and not parked then
    redis.call("ZREM", keys.parking(step), throttle.name)
  end
  throttle.parking = parked
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
