-- tagged: the jobs that carry a tag, a page at a time.
--
-- Args: tag, cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), how many carry the tag, jids, those
-- first that got it first}.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")

local tagged = {}

function tagged.parse(_, args)
  arguments.count(args, 3)
  return pages.asked(args, 2, { tag = arguments.name(args[1], "tag") })
end

function tagged.apply(step, request)
  local key = keys.tag(step, request.tag)
  local page = pages.ranked(key, request)
  table.insert(page, 2, redis.call("ZCARD", key))
  return page
end

return tagged
