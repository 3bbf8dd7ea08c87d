-- tags: the tags in use, those on most jobs first.
--
-- Args: offset, count (1 to limits.JOBS).
-- Returns: {tag, how many jobs carry it, tag, ...}.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")

local tags = {}

function tags.parse(_, args)
  arguments.count(args, 2)
  return {
    offset = arguments.integer(args[1], "offset", 0, limits.INTEGER),
    count = arguments.integer(args[2], "count", 1, limits.JOBS),
  }
end

function tags.apply(step, request)
  local last = request.offset + request.count - 1
  local list = redis.call("ZREVRANGE", keys.tags(step), request.offset, last, "WITHSCORES")
  for position = 2, #list, 2 do
    list[position] = tonumber(list[position])
  end
  return list
end

return tags
