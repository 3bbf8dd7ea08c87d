-- due: when something is due next, whatever the queue: a delay or a lease that ends, a recurring
-- job, a retention.
--
-- Args: none.
-- Returns: milliseconds since the epoch, 0 when nothing is. It may be earlier than what is really
-- due; a tick at that moment sets it right.
-- Errors: INVALID. Cost: O(1).

local arguments = require("rules.arguments")
local root = require("store.root")

local due = {}

function due.parse(_, args)
  arguments.count(args, 0)
  return {}
end

function due.check(step)
  return tonumber(root.get(step, "due") or nil)
end

function due.apply(_, moment)
  return moment or 0
end

return due
