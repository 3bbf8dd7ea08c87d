-- tracked: the jobs that are tracked, a page at a time.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), jids, those first that were tracked
-- first}.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")

local tracked = {}

function tracked.parse(_, args)
  arguments.count(args, 2)
  return pages.asked(args, 1, {})
end

function tracked.apply(step, request)
  return pages.ranked(keys.tracked(step), request)
end

return tracked
