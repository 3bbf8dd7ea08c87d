-- rate: starts something that may happen so often in so much time, now or as soon as it may.
--
-- Args: name, count and period (milliseconds): so many in that time; burst (how many may come at
-- once; empty: count), tokens (how many this takes, at most burst), wait (milliseconds that the
-- caller is ready to wait).
-- Returns: {1, milliseconds after which it may start}, or, when that is longer than wait and so
-- nothing was taken, {0, milliseconds}.
-- Errors: INVALID. Cost: O(1).
--
-- What waits is counted at once, so those who wait start in the order in which they asked. Another
-- count, period or burst holds from the call on that names it.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local rule = require("rules.rate")

local rate = {}

local MOST = 1000000000
local SPARE = 60000 -- milliseconds that the state stays after it has become meaningless

function rate.parse(_, args)
  arguments.count(args, 6)
  local count = arguments.integer(args[2], "count", 1, MOST)
  local period = arguments.integer(args[3], "period", 1, limits.CENTURY)
  local burst = arguments.optional(args[4], "burst", 1, MOST) or count
  return {
    name = arguments.name(args[1], "name"),
    interval = rule.interval(count, period),
    burst = burst,
    tokens = arguments.integer(args[5], "tokens", 1, burst),
    wait = arguments.integer(args[6], "wait", 0, limits.CENTURY),
  }
end

function rate.check(step, request)
  local tat = tonumber(redis.call("GET", keys.rate(step, request.name)) or nil)
  local moment = rule.moment(tat, request.interval, request.burst, request.tokens)
  local delay = math.max(moment - step.now, 0)
  if delay > request.wait then
    return { delay = delay }
  end
  local taken = rule.take(tat, step.now, request.interval, request.tokens)
  return { name = request.name, delay = delay, tat = taken }
end

function rate.apply(step, plan)
  if not plan.tat then
    return { 0, plan.delay }
  end
  local rest = math.ceil(plan.tat - step.now) + SPARE
  local text = string.format("%.10f", plan.tat)
  redis.call("SET", keys.rate(step, plan.name), text, "PX", string.format("%.0f", rest))
  return { 1, plan.delay }
end

return rate
