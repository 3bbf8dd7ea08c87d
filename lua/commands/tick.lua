-- tick: does what is due, as every pop does beside its own work.
--
-- Args: none.
-- Returns: milliseconds until something may be due, at most limits.SLEEP; 0: there is more to do.
-- Events: what the due work brings about.
-- Cost: limits.DUE units of due work, and limits.PROMOTED promotions.

local arguments = require("rules.arguments")
local flush = require("doors.flush")
local limits = require("rules.limits")
local root = require("store.root")
local tick = require("doors.tick")

local command = { last = true }

function command.parse(_, args)
  arguments.count(args, 0)
  return {}
end

function command.apply(step)
  flush(step)
  tick(step, limits.PROMOTED)
  flush(step)
  local due = tonumber(root.get(step, "due") or nil)
  if not due then
    return limits.SLEEP
  end
  return math.min(math.max(due - step.now, 0), limits.SLEEP)
end

return command
