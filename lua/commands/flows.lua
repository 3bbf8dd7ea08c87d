-- flows: the flows that there are, the newest first, a page at a time.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), flows}.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")

local command = {}

function command.parse(_, args)
  arguments.count(args, 2)
  return pages.asked(args, 1, {})
end

function command.apply(step, request)
  return pages.ranked(keys.flows(step), request, true)
end

return command
