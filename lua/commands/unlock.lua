-- unlock: nobody holds a lock any more, and one of those who wait for it is woken.
--
-- Args: name, holder (empty: whoever it is).
-- Returns: 1, or 0 when this holder does not hold it (any more).
-- Errors: INVALID. Cost: O(1).

local arguments = require("rules.arguments")
local locks = require("store.locks")

local unlock = {}

function unlock.parse(_, args)
  arguments.count(args, 2)
  local holder = args[2] ~= "" and arguments.name(args[2], "holder") or nil
  return { name = arguments.name(args[1], "name"), holder = holder, found = nil }
end

function unlock.check(step, request)
  request.found = locks.read(step, request.name)
  return request
end

function unlock.apply(step, request)
  local found = request.found
  if not found or found.holder == "" or found.holder ~= (request.holder or found.holder) then
    return 0
  end
  locks.free(step, request.name, found)
  return 1
end

return unlock
