-- group: the jobs of a failure group, those first that failed last, a page at a time.
--
-- Args: failure group, cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), how many there are, jids}.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")

local group = {}

function group.parse(_, args)
  arguments.count(args, 3)
  return pages.asked(args, 2, { name = arguments.name(args[1], "group") })
end

function group.apply(step, request)
  local key = keys.group(step, request.name)
  local page = pages.ranked(key, request, true)
  table.insert(page, 2, redis.call("ZCARD", key))
  return page
end

return group
