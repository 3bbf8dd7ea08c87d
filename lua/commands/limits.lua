-- limits: what is allowed under names, and how much of it is taken.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS), for those that were set, by name;
-- or: empty, 0, and names.
-- Returns: {cursor of the next page (empty: this was the last), then for each {name, at_once, rate,
-- period (milliseconds), burst (each empty: not limited so), how many run under it, how many may
-- start now (empty: any number), how many are parked}}.
-- Errors: INVALID. Cost: O(1) a limit and queue.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local pages = require("store.pages")
local queues = require("store.queues")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")

local command = {}

function command.parse(_, args)
  arguments.count(args, 2, 2 + limits.JOBS)
  local request = {
    cursor = args[1],
    count = arguments.integer(args[2], "count", 0, limits.JOBS),
    names = {},
  }
  for position = 3, #args do
    request.names[position - 2] = arguments.name(args[position], "name")
  end
  return request
end

function command.check(_, request)
  return request
end

-- How many run under a limit: all of a queue when it is the queue's own.
local function running(step, name)
  local queue = string.match(name, "^" .. throttle.QUEUE .. "(.*)$")
  if queue then
    local found = queues.named(step, queue)
    return found and redis.call("ZCARD", keys.running(step, found)) or 0
  end
  return redis.call("ZCARD", keys.slots(step, name))
end

local function describe(step, name)
  local found = throttles.get(step, name)
  local allowed, parked = found.allowed, 0
  for _, line in pairs(found.lines) do
    parked = parked + line.parked
  end
  local used = running(step, name)
  found.used = found.used and used
  local open = throttles.open(step, found)
  return {
    name,
    allowed.at_once or "",
    allowed.rate or "",
    allowed.period or "",
    allowed.burst or "",
    used,
    open < math.huge and open or "",
    parked,
  }
end

function command.apply(step, request)
  local names, cursor = request.names, ""
  if request.count > 0 then
    names = pages.ranked(keys.limits(step), request)
    cursor = table.remove(names, 1)
  end
  local list = { cursor }
  for position = 1, #names do
    list[position + 1] = describe(step, names[position])
  end
  return list
end

return command
