-- Commands that tell of what has a name: of a page of all, or of those that the caller names.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local pages = require("store.pages")

-- what: what the names are of. key: gives the key of the set of all names. describe: gives the
-- answer of one, or nothing when there is no such thing.
return function(what, key, describe)
  local command = {}

  -- cursor and count; or empty, 0, and names.
  function command.parse(_, args)
    arguments.count(args, 2, 2 + limits.JOBS)
    local count = arguments.integer(args[2], "count", 0, limits.JOBS)
    return { cursor = args[1], count = count, names = arguments.names(args, 3, what) }
  end

  function command.apply(step, request)
    local names, cursor = request.names, ""
    if request.count > 0 then
      names = pages.ranked(key(step), request)
      cursor = table.remove(names, 1)
    end
    local list = { cursor }
    for position = 1, #names do
      list[#list + 1] = describe(step, names[position])
    end
    return list
  end

  return command
end
