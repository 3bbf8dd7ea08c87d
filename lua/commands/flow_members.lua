-- flow_members: the members of a flow in one class, a page at a time.
--
-- Args: flow, class (held, depends, open, failed or complete; empty: all), cursor (empty: from the
-- start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), jids}: those that came into their
-- class first come first, all classes in the order of this page. Members that have left the system
-- are not known any more.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")
local rule = require("rules.flow")

local command = {}

local CLASSES = { held = true, depends = true, open = true, failed = true, complete = true }

function command.parse(_, args)
  arguments.count(args, 4)
  local id = arguments.name(args[1], "flow")
  local class = args[2] ~= "" and arguments.choice(args[2], "class", CLASSES) or nil
  return pages.asked(args, 3, { id = id, class = class })
end

function command.apply(step, request)
  local key = keys.members(step, request.id)
  if not request.class then
    return pages.ranked(key, request)
  end
  return pages.between(key, request, rule.low(request.class), rule.above(request.class))
end

return command
