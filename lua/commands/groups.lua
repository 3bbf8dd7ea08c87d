-- groups: the failure groups, by name, a page at a time.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), group, how many jobs are in it,
-- group, ...}.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")

local groups = {}

function groups.parse(_, args)
  arguments.count(args, 2)
  return pages.asked(args, 1, {})
end

function groups.apply(step, request)
  local page = pages.ranked(keys.groups(step), request)
  local list = { page[1] }
  for position = 2, #page do
    list[#list + 1] = page[position]
    list[#list + 1] = redis.call("ZCARD", keys.group(step, page[position]))
  end
  return list
end

return groups
