-- revoked: the klasses whose jobs are not to run.
--
-- Args: none.
-- Returns: {name, until (milliseconds, 0: restore), once (1 or 0), name, ...}, by name.
-- Cost: O(limits.REVOKED). A job's own mark is flag 1024 of its record.

local arguments = require("rules.arguments")
local klasses = require("store.klasses")
local revocation = require("rules.revocation")
local settings = require("store.settings")

local revoked = {}

function revoked.parse(_, args)
  arguments.count(args, 0)
  return args
end

function revoked.apply(step)
  local names, entries = {}, {}
  for number, entry in pairs(settings.revoked(step) or {}) do
    if revocation.holds(entry, step.now) then
      local name = klasses.name(step, number)
      names[#names + 1], entries[name] = name, entry
    end
  end
  table.sort(names)
  local list = {}
  for position = 1, #names do
    local entry = entries[names[position]]
    list[3 * position - 2] = names[position]
    list[3 * position - 1] = entry.ending
    list[3 * position] = entry.once and 1 or 0
  end
  return list
end

return revoked
