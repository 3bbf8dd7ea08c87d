-- Pages of a sorted set. A cursor is the rank after the last member of the page and that member,
-- `rank:member`: while the member is still there, what came or went meanwhile shifts nothing.

local arguments = require("rules.arguments")
local limits = require("rules.limits")

local pages = {}

-- Adds to a request what a page is asked for by: cursor and count, from this position on.
function pages.asked(args, from, request)
  request.cursor = args[from]
  request.count = arguments.integer(args[from + 1], "count", 1, limits.JOBS)
  return request
end

-- A member may hold zero bytes, which string.format stops at.
function pages.cursor(rank, member)
  return string.format("%d:", rank) .. member
end

-- The rank at which the page of a cursor begins.
function pages.start(key, cursor, newest)
  if cursor == "" then
    return 0
  end
  local rank, member = string.match(cursor, "^(%d+):(.*)$")
  if not rank then
    return 0
  end
  local now = redis.call(newest and "ZREVRANK" or "ZRANK", key, member)
  return now and now + 1 or tonumber(rank)
end

local function page(members, from, count)
  local list = { "" }
  for position = 1, math.min(#members, count) do
    list[position + 1] = members[position]
  end
  if #members > count then
    list[1] = pages.cursor(from + count, members[count])
  end
  return list
end

-- By rank: {next cursor, members}. request: cursor and count.
function pages.ranked(key, request, newest)
  local from = pages.start(key, request.cursor, newest)
  local command = newest and "ZREVRANGE" or "ZRANGE"
  local members = redis.call(command, key, from, from + request.count)
  return page(members, from, request.count)
end

-- The cursor of the page that follows this member.
function pages.after(key, member, newest)
  local rank = redis.call(newest and "ZREVRANK" or "ZRANK", key, member)
  return pages.cursor(rank + 1, member)
end

-- By score: up to `high` when it is given, else above `low`; a cursor is a rank within those.
function pages.scored(key, request, high, low)
  local from = tonumber(string.match(request.cursor, "^(%d+):")) or 0
  local members = redis.call(
    "ZRANGE",
    key,
    high and "-inf" or "(" .. low,
    high or "+inf",
    "BYSCORE",
    "LIMIT",
    from,
    request.count + 1
  )
  return page(members, from, request.count)
end

-- Of the members with scores from `low` on and below `high`; a cursor is a rank among those.
function pages.between(key, request, low, high)
  local from = tonumber(string.match(request.cursor, "^(%d+):")) or 0
  local upper = string.format("(%.0f", high)
  local limit = request.count + 1
  local found = redis.call("ZRANGE", key, low, upper, "BYSCORE", "LIMIT", from, limit)
  return page(found, from, request.count)
end

return pages
