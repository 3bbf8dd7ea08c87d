-- refills: hands out the templates of whose calendars further moments are wanted, to whoever can
-- read a calendar.
--
-- Args: count (1 to limits.JOBS), then jids, at most limits.JOBS (none: those that have waited
-- longest).
-- Returns: for each that is wanted {jid, calendar, first, known, after, upto, newest}. What is
-- wanted are its moments after `after`; of those up to `upto` only the newest `newest` (0: all,
-- beginning with the oldest), and some after it. first: the moment from which an interval in the
-- calendar counts. known: for refill. Times are milliseconds.
-- Errors: INVALID. Cost: O(log n) a template.
--
-- Without jids, a template that has been handed out is left alone for limits.REFILL.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local slots = require("rules.slots")
local templates = require("store.templates")

local refills = {}

function refills.parse(_, args)
  arguments.count(args, 1, 1 + limits.JOBS)
  local count = arguments.integer(args[1], "count", 1, limits.JOBS)
  return { count = count, jids = arguments.names(args, 2, "jid") }
end

-- Those of these that are wanted, or those that have waited longest.
local function find(step, request)
  local key, jids = keys.refills(step), request.jids
  if #jids == 0 then
    return redis.call("ZRANGE", key, "-inf", step.now, "BYSCORE", "LIMIT", 0, request.count)
  end
  local scores, found = redis.call("ZMSCORE", key, unpack(jids)), {}
  for position = 1, math.min(#jids, request.count) do
    if scores[position] then
      found[#found + 1] = jids[position]
    end
  end
  return found
end

local function described(template, now)
  local wanted = slots.wanted(template, now)
  return {
    template.jid,
    template.calendar,
    template.first,
    template.known,
    wanted.after,
    wanted.upto,
    wanted.newest,
  }
end

function refills.apply(step, request)
  local jids, list = find(step, request), {}
  for position = 1, #jids do
    redis.call("ZADD", keys.refills(step), "XX", step.now + limits.REFILL, jids[position])
    local template = templates.read(step, jids[position])
    if template and template.calendar then
      list[#list + 1] = described(template, step.now)
    end
  end
  return list
end

return refills
