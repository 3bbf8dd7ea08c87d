-- relock: the holder of a lock prolongs its lease, counted from now.
--
-- Args: name, holder, lease (milliseconds).
-- Returns: the end of the lease (milliseconds), or 0 when it is lost.
-- Errors: INVALID. Cost: O(1).
--
-- A lease is lost when somebody else has taken the lock, or it was taken away; one that has run out
-- unnoticed can be prolonged for another minute.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local locks = require("store.locks")

local relock = {}

function relock.parse(_, args)
  arguments.count(args, 3)
  return {
    name = arguments.name(args[1], "name"),
    holder = arguments.name(args[2], "holder"),
    lease = arguments.integer(args[3], "lease", 1, limits.CENTURY),
    found = nil,
  }
end

function relock.check(step, request)
  request.found = locks.read(step, request.name)
  return request
end

function relock.apply(step, request)
  local found = request.found
  if not found or found.holder ~= request.holder then
    return 0
  end
  found.ends = step.now + request.lease
  locks.write(step, request.name, found)
  return found.ends
end

return relock
