-- deregister: workers leave the registry. What they hold stays theirs until the leases end, and a
-- worker that shows a sign of life is registered again.
--
-- Args: workers, at most limits.JOBS.
-- Returns: how many of them were registered.
-- Errors: INVALID. Cost: O(log n) a worker.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local registry = require("doors.registry")

local deregister = {}

function deregister.parse(_, args)
  arguments.count(args, 1, limits.JOBS)
  return arguments.names(args, 1, "worker")
end

function deregister.apply(step, names)
  local count = 0
  for position = 1, #names do
    if registry.remove(step, names[position]) then
      count = count + 1
    end
  end
  return count
end

return deregister
