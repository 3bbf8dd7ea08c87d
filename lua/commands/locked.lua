-- locked: who holds a lock.
--
-- Args: name.
-- Returns: {holder, fencing number, end of the lease (milliseconds)}, or nothing when it is free.
-- Errors: INVALID. Cost: O(1).

local arguments = require("rules.arguments")
local locks = require("store.locks")

local locked = {}

function locked.parse(_, args)
  arguments.count(args, 1)
  return arguments.name(args[1], "name")
end

function locked.check(step, name)
  return locks.read(step, name)
end

function locked.apply(step, found)
  if not locks.held(step, found) then
    return {}
  end
  return { found.holder, found.fence, found.ends }
end

return locked
