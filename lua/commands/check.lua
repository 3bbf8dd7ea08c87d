-- check: looks for what is wrong in the data of a namespace, a slice at a time.
--
-- Args: cursor (empty: from the start), count (of keys or members, 1 to limits.CHECKED).
-- Returns: {cursors, finding, ...}. cursors: what is to be looked at yet; each is for a call of its
-- own, in any order, and the walk is over when none are left. A finding is {the name of an
-- invariant (see Invariants), the key's name after the root, the member that it is about (empty:
-- the key itself), jid (empty: no job), what is wrong, 1 if repair can mend it, else 0}.
-- Errors: INVALID.
-- Cost: O(count), and the records that it reads.
--
-- Each finding is true at the moment of its slice. What is there all the while is looked at, once
-- or more often; what comes or goes meanwhile may be missed.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local refuse = require("rules.refusal")
local walk = require("walk")

local check = {}

function check.parse(_, args)
  arguments.count(args, 2)
  local cursor = args[1]
  if not (cursor == "" or string.find(cursor, "^k%d+$") or string.find(cursor, "^m[%d/]+:")) then
    refuse("INVALID", "cursor: is none that check has answered")
  end
  return { cursor = cursor, count = arguments.integer(args[2], "count", 1, limits.CHECKED) }
end

function check.apply(step, request)
  return walk.slice(step, request.cursor, request.count)
end

return check
