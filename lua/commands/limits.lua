-- limits: what is allowed under names, and how much of it is taken.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS), for those that were set, by name;
-- or: empty, 0, and names.
-- Returns: {cursor of the next page (empty: this was the last), then for each {name, at_once, rate,
-- period (milliseconds), burst (each empty: not limited so), how many run under it, how many may
-- start now (empty: any number), how many are parked, when the next one may start by the rate
-- (milliseconds; empty: now, or when one has ended)}}.
-- Errors: INVALID. Cost: O(1) a limit and queue.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local pages = require("store.pages")
local throttle = require("doors.throttle")

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

function command.apply(step, request)
  local names, cursor = request.names, ""
  if request.count > 0 then
    names = pages.ranked(keys.limits(step), request)
    cursor = table.remove(names, 1)
  end
  local list = { cursor }
  for position = 1, #names do
    list[position + 1] = throttle.describe(step, names[position])
  end
  return list
end

return command
